/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list of what could not be read, which an export leaves beside its copy: comment lines that
 * begin with '#', then lines "OFFSET LENGTH", in bytes of the copy.
 */
#ifndef ADEFUSE_EXPORT_UNREADABLE_H
#define ADEFUSE_EXPORT_UNREADABLE_H

#include "base/err.h"
#include "base/ranges.h"

/*
 * Whether `path` may be replaced: when it does not exist, when it is the list of an earlier export,
 * and with `force`. 0, or -errno with err.
 */
int unreadable_check(const char *path, bool force, struct err *err);

/* Replaces what is at `path`. 0, or -errno with err. */
int unreadable_write(const char *path, const struct ranges *ranges, struct err *err);

#endif
