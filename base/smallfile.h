/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small files read whole: keys, tokens, certificates, settings. Never more than the caller's bound,
 * whatever the file says its size is, and nothing of a secret in memory that is not wiped.
 */
#ifndef ADEFUSE_BASE_SMALLFILE_H
#define ADEFUSE_BASE_SMALLFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

/*
 * All that is left to read in `fd`, which may be a pipe or a terminal as well; it stays open.
 * -EFBIG when that is more than `max` bytes (at most SECRET_MAX - 1), -ENOMEM, or the read's
 * -errno.
 */
int smallfile_read_fd(int fd, size_t max, struct secret **ret_content);

/* The same of what is no secret: in memory from malloc(), with a zero behind it. */
int smallfile_read_plain(int fd, size_t max, char **ret_text, size_t *ret_size);

/*
 * All of the regular file at `path`. A FIFO or device is -EINVAL, and never waited for; with
 * `strict` a symbolic link is refused (-ELOOP). Else as above, or open()'s -errno.
 */
int smallfile_read(const char *path, size_t max, bool strict, struct secret **ret_content);

/*
 * Write a text in place of what stands at `path`, if anything: whole or not at all, synced,
 * readable by its owner alone. 0 or -errno.
 */
int smallfile_replace(const char *path, const char *text);

#endif
