/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bounds check and the reference count that all byte sources share. */
#include "disk/source.h"

#include <errno.h>

#include "base/checked.h"

void source_init(struct source *source, const struct source_ops *ops, uint64_t size,
		 uint32_t sector_size)
{
	source->ops = ops;
	source->size = size;
	source->sector_size = sector_size;
	atomic_init(&source->references, 1);
}

int source_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	if (!checked_within(offset, length, source->size))
		return -EINVAL;
	if (length == 0)
		return 0;
	return source->ops->pread(source, buffer, length, offset);
}

enum source_extent source_extent(struct source *source, uint64_t offset, uint64_t *ret_length)
{
	enum source_extent kind = SOURCE_DATA;
	uint64_t left = offset < source->size ? source->size - offset : 0;
	uint64_t length = left;

	if (left > 0 && source->ops->extent)
		kind = source->ops->extent(source, offset, &length);
	/* a layer's extent may reach past the part of it that is shown here */
	if (length > left)
		length = left;
	if (length == 0 && left > 0) {
		kind = SOURCE_DATA;
		length = left;
	}
	*ret_length = length;
	return kind;
}

struct source *source_ref(struct source *source)
{
	atomic_fetch_add_explicit(&source->references, 1, memory_order_relaxed);
	return source;
}

void source_unref(struct source *source)
{
	if (source && atomic_fetch_sub_explicit(&source->references, 1, memory_order_acq_rel) == 1)
		source->ops->close(source);
}
