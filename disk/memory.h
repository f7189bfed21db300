/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source whose bytes are in memory: generated files of the mounted tree. Any thread may read it.
 */
#ifndef ADEFUSE_DISK_MEMORY_H
#define ADEFUSE_DISK_MEMORY_H

#include "disk/source.h"

/* Copies `size` bytes. -ENOMEM. */
int memory_new(const void *data, size_t size, struct source **ret_source);

#endif
