/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of byte ranges of the volume. */
#ifndef MKADE_REGIONS_H
#define MKADE_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct region {
	uint64_t offset, size;
};

struct regions {
	struct region *r;
	size_t n;
};

bool region_overlap(const struct region *a, const struct region *b);

/* Appends; a range that begins where the last one ends makes that longer. Size 0: nothing. */
void regions_join(struct regions *l, uint64_t offset, uint64_t size);
/* Appends as a range of its own. */
void regions_add(struct regions *l, uint64_t offset, uint64_t size);

/* Takes away from l what holes cover. */
void regions_cut(struct regions *l, const struct regions *holes);

/* Zeros in buf, which holds [off, off + n), what the list covers. */
void regions_clear(const struct regions *l, void *buf, size_t n, uint64_t off);

void regions_free(struct regions *l);

#endif
