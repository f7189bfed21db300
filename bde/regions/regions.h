/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each byte of the plaintext volume is made of: a table of ranges, sorted and without gaps,
 * built when the volume is opened and constant afterwards. Pure.
 *
 * It is built in two steps: append what the conversion state says, from the start to the end of the
 * volume, then overlay the ranges that are not the volume's own. So the reading side does not know
 * how a volume came to be partly encrypted.
 */
#ifndef ADEFUSE_BDE_REGIONS_REGIONS_H
#define ADEFUSE_BDE_REGIONS_REGIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum region_kind {
	REGION_CIPHER, /* decrypt the bytes at the physical offset */
	REGION_PLAIN,  /* the bytes there, as they are */
	REGION_ZERO,   /* BitLocker's own structures: zeros */
	REGION_REFUSE, /* not known which, or missing: an error */
};

struct region {
	uint64_t start; /* bytes of the plaintext volume */
	uint64_t end;	/* after the last byte */
	enum region_kind kind;
	uint64_t physical; /* offset of `start` on the encrypted volume */
};

struct regions {
	struct region *table;
	size_t count;
	size_t room;
};

enum {
	REGIONS_MAX = 1 << 20 /* a bitmap of 8 MiB chunks that alternate on an 8 TiB volume */
};

/*
 * Append `length` bytes after the last region, at their own offset. Joined with the last region
 * when of the same kind. -EOVERFLOW beyond 2^64 or REGIONS_MAX, -ENOMEM.
 */
int regions_append(struct regions *regions, enum region_kind kind, uint64_t length);

/*
 * Lay `count` ranges over the table, in one pass: each replaces what was there, clipped to the
 * table's end. They are sorted in place first; where two overlap, the one that starts first wins.
 * Empty ones are ignored. -EOVERFLOW, -ENOMEM: the table is as it was.
 */
int regions_overlay(struct regions *regions, struct region *over, size_t count);

/* Where the table ends: the size of what it describes. */
uint64_t regions_end(const struct regions *regions);

/* Bytes of one kind, within [start, end). */
uint64_t regions_count(const struct regions *regions, enum region_kind kind, uint64_t start,
		       uint64_t end);

/* The region that holds a byte below the table's end. */
const struct region *regions_find(const struct regions *regions, uint64_t offset);

void regions_clear(struct regions *regions);
DEFINE_CLEAR(struct regions, regions_clear)

#endif
