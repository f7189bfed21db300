/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source that is a range of another one: a partition. */
#ifndef ADEFUSE_DISK_SLICE_H
#define ADEFUSE_DISK_SLICE_H

#include "disk/source.h"

/* -EINVAL when [offset, offset + size) is not within `below`; -ENOMEM. Takes its own reference. */
int slice_new(struct source *below, uint64_t offset, uint64_t size, struct source **ret_slice);

#endif
