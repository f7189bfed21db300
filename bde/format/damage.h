/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parsers say of numbers that cannot be. Each fills err (ERR_DISK) and returns -EINVAL. */
#ifndef ADEFUSE_BDE_FORMAT_DAMAGE_H
#define ADEFUSE_BDE_FORMAT_DAMAGE_H

#include <errno.h>
#include <inttypes.h>

#include "base/err.h"

static inline int damage_value(struct err *err, const char *what, uint64_t value)
{
	return err_set(err, ERR_DISK, EINVAL, "%s is impossible (%" PRIu64 ")", what, value);
}

static inline int damage_checksum(struct err *err, uint32_t computed, uint32_t stored)
{
	return err_set(err, ERR_DISK, EINVAL, "checksum is %08x, should be %08x", computed, stored);
}

#endif
