/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small files, read and written whole: keys, tokens, certificates, settings. Never more than the
 * caller's bound, whatever the file says its size is, and no secret in memory that is not wiped.
 * What is returned belongs to the caller. From any thread.
 */
#ifndef ADEFUSE_BASE_SMALLFILE_H
#define ADEFUSE_BASE_SMALLFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

/*
 * All that is left to read in `fd`, which may also be a pipe or a terminal, and stays open. -EFBIG
 * when that is more than `max` bytes (at most SECRET_MAX - 1), -ENOMEM, or the read's -errno.
 */
int smallfile_read_fd(int fd, size_t max, struct secret **ret_content);

/* The same for what is no secret: in memory from malloc(), followed by a zero byte. */
int smallfile_read_plain(int fd, size_t max, char **ret_text, size_t *ret_size);

/*
 * All of the regular file at `path`. -EINVAL for a FIFO or device, without waiting for it; with
 * `strict` -ELOOP for a symbolic link. Else as above, or open()'s -errno.
 */
int smallfile_read(const char *path, size_t max, bool strict, struct secret **ret_content);

/* Write all of it, and sync. 0 or -errno. */
int smallfile_write_fd(int fd, const void *data, size_t size);

/*
 * Replace what is at `path`, if anything, by a text: whole or not at all, synced, readable by its
 * owner alone. 0 or -errno.
 */
int smallfile_replace(const char *path, const char *text);

#endif
