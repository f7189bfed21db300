/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source with ranges of it replaced by other sources: the plain disk, which is the encrypted one
 * with its decrypted volumes in place.
 */
#ifndef ADEFUSE_DISK_OVERLAY_H
#define ADEFUSE_DISK_OVERLAY_H

#include "disk/source.h"

struct overlay_range {
	uint64_t offset; /* bytes, in the source below; the range is as long as `source` */
	struct source *source;
};

/*
 * The ranges may come in any order but must lie within `below` and not overlap (-EINVAL). Takes its
 * own references; copies the array. -ENOMEM.
 */
int overlay_new(struct source *below, const struct overlay_range *ranges, size_t count,
		struct source **ret_source);

#endif
