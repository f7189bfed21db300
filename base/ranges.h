/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short list of byte ranges, ascending and apart: what could not be read. One thread. */
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
 * Append what begins at or behind the end of the last one; it is joined to that where they touch.
 * -EINVAL when it begins before, is empty or ends behind 2^64; -EOVERFLOW above RANGES_MAX;
 * -ENOMEM.
 */
int ranges_add(struct ranges *ranges, uint64_t offset, uint64_t length);

/* Bytes in all of them. */
uint64_t ranges_total(const struct ranges *ranges);

bool ranges_has(const struct ranges *ranges, uint64_t offset);

/* Drop what lies at or behind `end`. */
void ranges_cut(struct ranges *ranges, uint64_t end);

void ranges_clear(struct ranges *ranges);

#endif
