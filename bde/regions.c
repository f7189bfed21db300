/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sorted table of regions; see regions.h. */
#include "bde/regions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

uint64_t regions_end(const struct regions *regions)
{
	return regions->count > 0 ? regions->table[regions->count - 1].end : 0;
}

/* Room for `more` further entries. */
static int reserve(struct regions *regions, size_t more)
{
	size_t need = regions->count + more;
	size_t room = regions->room;
	struct region *table;

	if (need > REGIONS_MAX)
		return -EOVERFLOW;
	if (need <= room)
		return 0;
	room = room * 2 > need ? room * 2 : need + 8;
	table = realloc(regions->table, room * sizeof(*table));
	if (!table)
		return -ENOMEM;
	regions->table = table;
	regions->room = room;
	return 0;
}

int regions_append(struct regions *regions, enum region_kind kind, uint64_t length)
{
	uint64_t start = regions_end(regions);
	struct region *last = regions->count > 0 ? &regions->table[regions->count - 1] : NULL;
	uint64_t end;
	int rc;

	if (length == 0)
		return 0;
	if (!checked_add(start, length, &end))
		return -EOVERFLOW;
	if (last && last->kind == kind) {
		last->end = end;
		return 0;
	}
	rc = reserve(regions, 1);
	if (rc < 0)
		return rc;
	regions->table[regions->count++] =
		(struct region){.start = start, .end = end, .kind = kind, .physical = start};
	return 0;
}

/* Index of the region that holds `offset`. */
static size_t find_index(const struct regions *regions, uint64_t offset)
{
	size_t low = 0;
	size_t high = regions->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (regions->table[middle].start <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Make `offset` the start of a region. Room for one more is there. Returns that region's index. */
static size_t split_at(struct regions *regions, uint64_t offset)
{
	size_t index;
	struct region *region;

	if (offset == regions_end(regions))
		return regions->count;
	index = find_index(regions, offset);
	region = &regions->table[index];
	if (region->start == offset)
		return index;
	memmove(region + 1, region, (regions->count - index) * sizeof(*region));
	regions->count++;
	region[1].physical += offset - region->start;
	region[1].start = offset;
	region[0].end = offset;
	return index + 1;
}

int regions_overlay(struct regions *regions, enum region_kind kind, uint64_t start, uint64_t end,
		    uint64_t physical)
{
	uint64_t limit = regions_end(regions);
	size_t first;
	size_t behind;
	int rc;

	if (end > limit)
		end = limit;
	if (start >= end)
		return 0;
	rc = reserve(regions, 2);
	if (rc < 0)
		return rc;
	first = split_at(regions, start);
	behind = split_at(regions, end);
	regions->table[first] =
		(struct region){.start = start, .end = end, .kind = kind, .physical = physical};
	memmove(&regions->table[first + 1], &regions->table[behind],
		(regions->count - behind) * sizeof(*regions->table));
	regions->count -= behind - first - 1;
	return 0;
}

const struct region *regions_find(const struct regions *regions, uint64_t offset)
{
	return &regions->table[find_index(regions, offset)];
}

uint64_t regions_count(const struct regions *regions, enum region_kind kind, uint64_t start,
		       uint64_t end)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < regions->count; i++) {
		const struct region *region = &regions->table[i];
		uint64_t from = region->start > start ? region->start : start;
		uint64_t to = region->end < end ? region->end : end;

		if (region->kind == kind && from < to)
			sum += to - from;
	}
	return sum;
}

void regions_clear(struct regions *regions)
{
	free(regions->table);
	memset(regions, 0, sizeof(*regions));
}
