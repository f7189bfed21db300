/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compares two sources that should hold the same bytes: every sector, or places spread over them.
 * A piece that differs or fails is compared again by sectors, so that the report is exact. The
 * sources stay the caller's. One thread.
 */
#ifndef ADEFUSE_DISK_COMPARE_H
#define ADEFUSE_DISK_COMPARE_H

#include <stdbool.h>

#include "disk/source.h"

enum {
	COMPARE_PIECE = 1 << 20,  /* bytes read at once */
	COMPARE_PLACE = 64 << 10, /* bytes of a sampled place */
	COMPARE_SAMPLE_MAX = 65536
};

enum compare_kind {
	COMPARE_BYTES,	       /* both give bytes, and they differ */
	COMPARE_FIRST_FAILED,  /* only the second gives bytes */
	COMPARE_SECOND_FAILED, /* only the first does */
};

struct compare_result {
	uint64_t total;	     /* bytes that were to be compared */
	uint64_t compared;   /* bytes that both gave */
	uint64_t unreadable; /* bytes that neither gave */
	uint64_t differing;  /* bytes that differ, or that only one gave */
	uint64_t first;	     /* offset of the first of those, when there are any */
	enum compare_kind first_kind;
	unsigned int sample; /* places that were compared; 0: every sector */
	bool stopped;	     /* before the end */
};

struct compare_plan {
	unsigned int
		sample; /* places; 0: every sector, also when the places would cover everything */
	uint64_t seed;	/* the same seed, the same places */

	/* Called after each piece, or sector, with bytes done and to do; false stops. NULL: none.
	 */
	bool (*progress)(void *context, uint64_t done, uint64_t total);
	void *context;
};

/*
 * Both sources have the same size, and sectors of `sector_size` bytes. 0, or -ENOMEM. The first and
 * the last place are always among a sample of two or more; each of the others is taken at random
 * from a stretch of its own.
 */
int compare_sources(struct source *first, struct source *second, uint32_t sector_size,
		    const struct compare_plan *plan, struct compare_result *ret_result);

#endif
