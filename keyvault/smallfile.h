/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small file that holds a secret: a private key, a token. */
#ifndef ADEFUSE_KEYVAULT_SMALLFILE_H
#define ADEFUSE_KEYVAULT_SMALLFILE_H

#include <stdbool.h>

#include "base/secret.h"

/*
 * All of the regular file at `path`, at most `max` bytes. With `strict` a symbolic link is refused
 * (-ELOOP). -EFBIG when it is bigger, -EINVAL when it is no regular file, -errno.
 */
int smallfile_read(const char *path, size_t max, bool strict, struct secret **ret_content);

#endif
