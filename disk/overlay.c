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

/* The first range that ends past `offset`, or `count`. */
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

/* Where a byte comes from, and up to which offset of ours the next ones do too. */
struct origin {
	struct source *source;
	uint64_t offset; /* in `source` */
	uint64_t until;
};

/* `index` is the first range that ends past `offset`. */
static struct origin origin_of(const struct overlay *overlay, size_t index, uint64_t offset)
{
	const struct overlay_range *range = index < overlay->count ? &overlay->ranges[index] : NULL;
	struct origin origin = {
		.source = overlay->below,
		.offset = offset,
		.until = range ? range->offset : overlay->source.size,
	};

	if (range && offset >= range->offset) {
		origin.source = range->source;
		origin.offset = offset - range->offset;
		origin.until = range->offset + range->source->size;
	}
	return origin;
}

static int overlay_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	const struct overlay *overlay = (const struct overlay *)source;
	size_t index = range_after(overlay, offset);
	uint8_t *out = buffer;

	while (length > 0) {
		struct origin from = origin_of(overlay, index, offset);
		uint64_t left = from.until - offset;
		size_t part = left < length ? (size_t)left : length;
		int result = source_pread(from.source, out, part, from.offset);

		if (result < 0)
			return result;
		if (from.source != overlay->below)
			index++;
		out += part;
		offset += part;
		length -= part;
	}
	return 0;
}

static enum source_extent overlay_extent(struct source *source, uint64_t offset,
					 uint64_t *ret_length)
{
	const struct overlay *overlay = (const struct overlay *)source;
	struct origin from = origin_of(overlay, range_after(overlay, offset), offset);
	enum source_extent kind = source_extent(from.source, from.offset, ret_length);

	if (*ret_length > from.until - offset)
		*ret_length = from.until - offset;
	return kind;
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
	.extent = overlay_extent,
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
