/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disk as if it had never been encrypted; see plaindisk.h. */
#include "open/plaindisk.h"

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
static int range_of(const struct survey_volume *volume, struct overlay_range *ret_range)
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

int plain_disk_new(const struct survey *survey, struct source **ret_disk, struct err *err)
{
	struct overlay_range *ranges = calloc(survey->count + 1, sizeof(*ranges));
	size_t count = 0;
	int result = 0;

	if (!ranges)
		return err_nomem(err);
	for (size_t i = 0; i < survey->count && result == 0; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		if (!survey_is_bitlocker(volume) || !volume->plain)
			continue;
		result = range_of(volume, &ranges[count]);
		if (result == 0 && is_listed(ranges, count, &ranges[count]))
			source_unref(ranges[count].source);
		else if (result == 0)
			count++;
	}
	if (result == 0)
		result = overlay_new(survey->disk, ranges, count, ret_disk);
	free_ranges(ranges, count);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result < 0)
		*ret_disk = NULL;
	return 0;
}
