/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A partition table under construction: what the readers of GPT and MBR share, inside
 * disk/partition/. One thread; the table, the disk and the notes belong to the caller.
 */
#ifndef ADEFUSE_DISK_PARTITION_PARTITION_BUILDER_H
#define ADEFUSE_DISK_PARTITION_PARTITION_BUILDER_H

#include "base/err.h"
#include "base/notes.h"
#include "disk/partition/partition_table.h"
#include "disk/source.h"

struct partition_builder {
	struct source *disk;
	struct notes *warnings;
	struct partition_table *table; /* its sector_size is set before the first partition */
	size_t capacity;
	bool full; /* warned that PARTITION_MAX is reached */
};

/* Add a partition as it is. -ENOMEM, and then the caller still owns its name. */
int partition_builder_append(struct partition_builder *builder, const struct partition *partition);

/*
 * Add a partition of `sectors` from sector `first` on, clipped to the disk; one that begins past
 * its end is skipped with a warning. Number, type, id and name come from `partition`; the builder
 * owns its name from here on, even if this fails. Numbers must ascend. 0 or -ENOMEM with err
 * filled.
 */
int partition_builder_add(struct partition_builder *builder, const struct partition *partition,
			  uint64_t first, uint64_t sectors, struct err *err);

#endif
