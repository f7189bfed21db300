/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sorted table of regions; see regions.h. */
#include "bde/regions/regions.h"

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

/* Whether what follows `last` continues it. Zeros and errors have no physical offset. */
static bool continues(const struct region *last, enum region_kind kind, uint64_t physical)
{
	if (last->kind != kind)
		return false;
	return kind == REGION_ZERO || kind == REGION_REFUSE ||
	       last->physical + (last->end - last->start) == physical;
}

/* Append up to `end`; nothing when the table goes as far already. */
static int extend_to(struct regions *regions, enum region_kind kind, uint64_t end,
		     uint64_t physical)
{
	uint64_t start = regions_end(regions);
	int result;

	if (end <= start)
		return 0;
	if (regions->count > 0 && continues(&regions->table[regions->count - 1], kind, physical)) {
		regions->table[regions->count - 1].end = end;
		return 0;
	}
	result = reserve(regions, 1);
	if (result < 0)
		return result;
	regions->table[regions->count++] =
		(struct region){.start = start, .end = end, .kind = kind, .physical = physical};
	return 0;
}

int regions_append(struct regions *regions, enum region_kind kind, uint64_t length)
{
	uint64_t start = regions_end(regions);
	uint64_t end;

	if (!checked_add(start, length, &end))
		return -EOVERFLOW;
	return extend_to(regions, kind, end, start);
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

/* Append what `from` has between the end of `to` and `end`; *index goes along. */
static int copy_up_to(struct regions *to, const struct regions *from, size_t *index, uint64_t end)
{
	int result = 0;

	while (result == 0 && *index < from->count && regions_end(to) < end) {
		const struct region *region = &from->table[*index];
		uint64_t at = regions_end(to);

		if (region->end > at)
			result = extend_to(to, region->kind, region->end < end ? region->end : end,
					   region->physical + (at - region->start));
		if (region->end <= end)
			(*index)++;
	}
	return result;
}

static int by_start(const void *a, const void *b)
{
	const struct region *left = (const struct region *)a;
	const struct region *right = (const struct region *)b;

	return (left->start > right->start) - (left->start < right->start);
}

int regions_overlay(struct regions *regions, struct region *over, size_t count)
{
	struct regions laid CLEANUP(regions_clear) = {0};
	uint64_t limit = regions_end(regions);
	size_t index = 0;
	int result = 0;

	if (count == 0)
		return 0;
	qsort(over, count, sizeof(*over), by_start);
	for (size_t i = 0; i < count && result == 0; i++) {
		uint64_t end = over[i].end < limit ? over[i].end : limit;
		uint64_t start = over[i].start;

		if (start >= end)
			continue;
		result = copy_up_to(&laid, regions, &index, start);
		if (result == 0)
			result = extend_to(&laid, over[i].kind, end,
					   over[i].physical + (regions_end(&laid) - start));
	}
	if (result == 0)
		result = copy_up_to(&laid, regions, &index, limit);
	if (result < 0)
		return result;
	regions_clear(regions);
	*regions = laid;
	laid = (struct regions){0};
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
