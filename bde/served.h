/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refusing what is recognised but not served, by name. The metadata is only read; any thread. */
#ifndef ADEFUSE_BDE_SERVED_H
#define ADEFUSE_BDE_SERVED_H

#include "bde/metadata.h"

/* 0, or -ENOTSUP with err (ERR_DISK): this version of the format is not served, with any key. */
int served_check_version(const struct bde_metadata *metadata, struct err *err);

/* The same for the whole volume. `flags`: enum bde_flags. */
int served_check(const struct bde_metadata *metadata, unsigned int flags, struct err *err);

#endif
