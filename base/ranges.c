/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of byte ranges; see ranges.h. */
#include "base/ranges.h"

#include <errno.h>

#include "base/checked.h"

int ranges_add(struct ranges *ranges, uint64_t offset, uint64_t length)
{
	struct range *last = ranges->count > 0 ? &ranges->table[ranges->count - 1] : NULL;
	struct range *table;
	uint64_t end;

	if (length == 0 || !checked_add(offset, length, &end) ||
	    (last && offset < last->offset + last->length))
		return -EINVAL;
	if (last && offset == last->offset + last->length) {
		last->length += length;
		return 0;
	}
	if (ranges->count == RANGES_MAX)
		return -EOVERFLOW;
	table = reallocarray(ranges->table, ranges->count + 1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	ranges->table = table;
	table[ranges->count++] = (struct range){.offset = offset, .length = length};
	return 0;
}

uint64_t ranges_total(const struct ranges *ranges)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ranges->count; i++)
		total += ranges->table[i].length;
	return total;
}

bool ranges_has(const struct ranges *ranges, uint64_t offset)
{
	for (size_t i = 0; i < ranges->count; i++) {
		if (offset >= ranges->table[i].offset &&
		    offset - ranges->table[i].offset < ranges->table[i].length)
			return true;
	}
	return false;
}

void ranges_clear(struct ranges *ranges)
{
	free(ranges->table);
	*ranges = (struct ranges){0};
}
