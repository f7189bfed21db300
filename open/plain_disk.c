/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disk as if it had never been encrypted; see plain_disk.h. */
#include "open/plain_disk.h"

#include <errno.h>
#include <stdlib.h>

#include "disk/overlay.h"
#include "disk/slice.h"

/* Two entries of the table for one place: what stands there is the same volume. */
static bool is_listed(const struct overlay_range *ranges, size_t count,
		      const struct overlay_range *range)
{
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].offset == range->offset &&
		    ranges[i].source->size == range->source->size)
			return true;
	}
	return false;
}

/* The volume in its place; of one that was cut off, what fits there. The source is the caller's. */
static int range_of(const struct opened_volume *volume, struct overlay_range *ret_range)
{
	uint64_t size = volume->plain->size;

	ret_range->offset = volume->partition->offset;
	return slice_new(volume->plain, 0,
			 size < volume->source->size ? size : volume->source->size,
			 &ret_range->source);
}

static void free_ranges(struct overlay_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		source_unref(ranges[i].source);
	free(ranges);
}

/* The volumes that stand in place of their ciphertext. */
static int collect_ranges(const struct opened_disk *disk, struct overlay_range *ranges,
			  size_t *ret_count)
{
	size_t count = 0;
	int result = 0;

	for (size_t i = 0; i < disk->count && result == 0; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		if (!opened_is_bitlocker(volume) || !volume->plain)
			continue;
		result = range_of(volume, &ranges[count]);
		if (result == 0 && is_listed(ranges, count, &ranges[count]))
			source_unref(ranges[count].source);
		else if (result == 0)
			count++;
	}
	*ret_count = count;
	return result;
}

int plain_disk_make(struct opened_disk *disk, struct err *err)
{
	struct overlay_range *ranges = calloc(disk->count + 1, sizeof(*ranges));
	size_t count = 0;
	int result;

	if (!ranges)
		return err_nomem(err);
	result = collect_ranges(disk, ranges, &count);
	if (result == 0)
		result = overlay_new(disk->source, ranges, count, &disk->plain);
	free_ranges(ranges, count);
	return result == -ENOMEM ? err_nomem(err) : 0;
}
