/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of byte ranges: see regions.h. */
#include "tests/mkade/regions.h"

#include <stdlib.h>
#include <string.h>

#include "tests/mkade/util.h"

bool region_overlap(const struct region *a, const struct region *b)
{
	return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

void regions_add(struct regions *l, uint64_t offset, uint64_t size)
{
	if (!size)
		return;
	l->r = realloc(l->r, (l->n + 1) * sizeof(*l->r));
	if (!l->r)
		die("out of memory");
	l->r[l->n++] = (struct region){offset, size};
}

void regions_join(struct regions *l, uint64_t offset, uint64_t size)
{
	struct region *last = l->n ? &l->r[l->n - 1] : NULL;

	if (last && last->offset + last->size == offset)
		last->size += size;
	else
		regions_add(l, offset, size);
}

/* l without one hole. */
static struct regions without(const struct regions *l, const struct region *hole)
{
	uint64_t hole_end = hole->offset + hole->size;
	struct regions out = {0};

	for (size_t i = 0; i < l->n; i++) {
		const struct region *r = &l->r[i];
		uint64_t end = r->offset + r->size;

		if (!region_overlap(r, hole)) {
			regions_add(&out, r->offset, r->size);
			continue;
		}
		if (r->offset < hole->offset)
			regions_add(&out, r->offset, hole->offset - r->offset);
		if (end > hole_end)
			regions_add(&out, hole_end, end - hole_end);
	}
	return out;
}

void regions_cut(struct regions *l, const struct regions *holes)
{
	for (size_t i = 0; i < holes->n; i++) {
		struct regions less = without(l, &holes->r[i]);

		regions_free(l);
		*l = less;
	}
}

void regions_clear(const struct regions *l, void *buf, size_t n, uint64_t off)
{
	for (size_t i = 0; i < l->n; i++) {
		uint64_t from = l->r[i].offset, to = from + l->r[i].size;

		if (from < off)
			from = off;
		if (to > off + n)
			to = off + n;
		if (from < to)
			memset((uint8_t *)buf + (from - off), 0, to - from);
	}
}

void regions_free(struct regions *l)
{
	free(l->r);
	*l = (struct regions){0};
}
