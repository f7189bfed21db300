/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A list of byte ranges, in ascending order, that do not touch: what could not be read. Owned by
 * the caller, who frees it with ranges_clear(); one thread.
 */
#ifndef ADEFUSE_BASE_RANGES_H
#define ADEFUSE_BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum {
	RANGES_MAX = 16384
};

struct range {
	uint64_t offset;
	uint64_t length;
};

struct ranges {
	struct range *table;
	size_t count;
};

/*
 * Append a range that begins at or after the end of the last one; where they touch they are joined.
 * 0; -EINVAL when it begins before, is empty, or ends after 2^64; -EOVERFLOW above RANGES_MAX;
 * -ENOMEM.
 */
int ranges_add(struct ranges *ranges, uint64_t offset, uint64_t length);

/* Bytes in all of them. */
uint64_t ranges_total(const struct ranges *ranges);

/* Whether one of them has the byte at `offset`. */
bool ranges_has(const struct ranges *ranges, uint64_t offset);

void ranges_clear(struct ranges *ranges);

#endif
