/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lowest source: an image file or a block device, opened O_RDONLY and never written. */
#ifndef ADEFUSE_DISK_FILE_H
#define ADEFUSE_DISK_FILE_H

#include <sys/stat.h>

#include "base/err.h"
#include "disk/source.h"

/*
 * Open a regular file or block device. An empty one, a directory or another kind of node is
 * refused. 0 or -errno with err filled (ERR_DISK).
 */
int file_open(const char *path, struct source **ret_source, struct err *err);

/* What fstat() says of a source that file_open() made. 0 or -errno. */
int file_status(const struct source *file, struct stat *ret_status);

#endif
