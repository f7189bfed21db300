/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting partitions into a table; see partition_builder.h. */
#include "disk/partition/partition_builder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"

int partition_builder_append(struct partition_builder *builder, const struct partition *partition)
{
	struct partition_table *table = builder->table;

	if (table->count == builder->capacity) {
		size_t capacity = builder->capacity ? 2 * builder->capacity : 8;
		struct partition *grown = reallocarray(table->partitions, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		table->partitions = grown;
		builder->capacity = capacity;
	}
	table->partitions[table->count++] = *partition;
	return 0;
}

int partition_builder_add(struct partition_builder *builder, const struct partition *partition,
			  uint64_t first, uint64_t sectors, struct err *err)
{
	struct partition added = *partition;
	uint64_t disk_size = builder->disk->size;
	uint32_t sector_size = builder->table->sector_size;

	if (builder->table->count == PARTITION_MAX) {
		if (!builder->full)
			notes_add(builder->warnings,
				  "more than %d partitions: the others are skipped", PARTITION_MAX);
		builder->full = true;
		free(added.name);
		return 0;
	}
	if (!checked_mul(first, sector_size, &added.offset) || added.offset >= disk_size) {
		notes_add(builder->warnings,
			  "partition %u begins past the end of the disk: skipped", added.number);
		free(added.name);
		return 0;
	}
	if (!checked_mul(sectors, sector_size, &added.size_in_table))
		added.size_in_table = UINT64_MAX;
	added.size = added.size_in_table;
	if (added.size > disk_size - added.offset) {
		added.size = disk_size - added.offset;
		added.clipped = true;
		notes_add(builder->warnings,
			  "partition %u is cut off: %" PRIu64 " of its %" PRIu64
			  " bytes are on the disk",
			  added.number, added.size, added.size_in_table);
	}
	if (partition_builder_append(builder, &added) < 0) {
		free(added.name);
		return err_nomem(err);
	}
	return 0;
}
