/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source with ranges replaced by others; see overlay.h. The sorted table never changes: no lock.
 */
#include "disk/overlay.h"

#include <errno.h>
#include <string.h>

#include "base/checked.h"

struct overlay {
	struct source source;
	struct source *below;
	size_t count;
	struct overlay_range ranges[]; /* ascending, disjoint */
};

/* The first range that ends behind `offset`, or `count`. */
static size_t range_after(const struct overlay *overlay, uint64_t offset)
{
	size_t low = 0;
	size_t high = overlay->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct overlay_range *range = &overlay->ranges[middle];

		if (range->offset + range->source->size <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int overlay_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	const struct overlay *overlay = (const struct overlay *)source;
	size_t index = range_after(overlay, offset);
	uint8_t *out = buffer;

	while (length > 0) {
		const struct overlay_range *range =
			index < overlay->count ? &overlay->ranges[index] : NULL;
		struct source *from = overlay->below;
		uint64_t from_offset = offset;
		uint64_t until = range ? range->offset : source->size;
		size_t part;
		int result;

		if (range && offset >= range->offset) {
			from = range->source;
			from_offset = offset - range->offset;
			until = range->offset + range->source->size;
			index++;
		}
		part = until - offset < length ? (size_t)(until - offset) : length;
		result = source_pread(from, out, part, from_offset);
		if (result < 0)
			return result;
		out += part;
		offset += part;
		length -= part;
	}
	return 0;
}

static void overlay_close(struct source *source)
{
	struct overlay *overlay = (struct overlay *)source;

	for (size_t i = 0; i < overlay->count; i++)
		source_unref(overlay->ranges[i].source);
	source_unref(overlay->below);
	free(overlay);
}

static const struct source_ops overlay_ops = {
	.name = "overlay",
	.pread = overlay_pread,
	.close = overlay_close,
};

static int by_offset(const void *a, const void *b)
{
	const struct overlay_range *left = a;
	const struct overlay_range *right = b;

	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

int overlay_new(struct source *below, const struct overlay_range *ranges, size_t count,
		struct source **ret_source)
{
	struct overlay *overlay CLEANUP(free) =
		calloc(1, sizeof(*overlay) + count * sizeof(*ranges));
	uint64_t end = 0;

	if (!overlay)
		return -ENOMEM;
	overlay->count = count;
	if (count > 0) {
		memcpy(overlay->ranges, ranges, count * sizeof(*ranges));
		qsort(overlay->ranges, count, sizeof(*ranges), by_offset);
	}
	for (size_t i = 0; i < count; i++) {
		const struct overlay_range *range = &overlay->ranges[i];

		if (range->offset < end || range->source->size == 0 ||
		    !checked_within(range->offset, range->source->size, below->size))
			return -EINVAL;
		end = range->offset + range->source->size;
	}
	for (size_t i = 0; i < count; i++)
		source_ref(overlay->ranges[i].source);
	overlay->below = source_ref(below);
	source_init(&overlay->source, &overlay_ops, below->size, below->sector_size);
	*ret_source = &TAKE(overlay)->source;
	return 0;
}
