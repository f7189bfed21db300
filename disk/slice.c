/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A range of another source; see slice.h. */
#include "disk/slice.h"

#include <errno.h>

#include "base/checked.h"

struct slice {
	struct source head;
	struct source *below; /* our reference */
	uint64_t offset;
};

static int slice_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	struct slice *slice = (struct slice *)source;

	/* cannot overflow: offset is within the size, and the slice within `below` */
	return source_pread(slice->below, buffer, length, slice->offset + offset);
}

static enum source_extent slice_extent(struct source *source, uint64_t offset, uint64_t *ret_length)
{
	struct slice *slice = (struct slice *)source;

	return source_extent(slice->below, slice->offset + offset, ret_length);
}

static void slice_close(struct source *source)
{
	struct slice *slice = (struct slice *)source;

	source_unref(slice->below);
	free(slice);
}

static const struct source_ops slice_ops = {
	.name = "slice",
	.pread = slice_pread,
	.extent = slice_extent,
	.close = slice_close,
};

int slice_new(struct source *below, uint64_t offset, uint64_t size, struct source **ret_slice)
{
	struct slice *slice;

	if (!checked_within(offset, size, below->size))
		return -EINVAL;
	slice = malloc(sizeof(*slice));
	if (!slice)
		return -ENOMEM;
	source_init(&slice->head, &slice_ops, size, below->sector_size);
	slice->below = source_ref(below);
	slice->offset = offset;
	*ret_slice = &slice->head;
	return 0;
}
