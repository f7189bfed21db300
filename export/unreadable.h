/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list that an export leaves beside its copy, of what could not be read: lines "OFFSET LENGTH",
 * bytes of the copy, behind lines that begin with '#'.
 */
#ifndef ADEFUSE_EXPORT_UNREADABLE_H
#define ADEFUSE_EXPORT_UNREADABLE_H

#include "base/err.h"
#include "base/ranges.h"

/* A list of an earlier export may be replaced, somebody's file of that name only with `force`. */
int unreadable_check(const char *path, bool force, struct err *err);

/* In place of what stands there. */
int unreadable_write(const char *path, const struct ranges *ranges, struct err *err);

#endif
