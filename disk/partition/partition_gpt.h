/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the best copy of a GPT, and its partitions; inside disk/partition/. One thread. */
#ifndef ADEFUSE_DISK_PARTITION_PARTITION_GPT_H
#define ADEFUSE_DISK_PARTITION_PARTITION_GPT_H

#include "disk/partition/gpt.h"
#include "disk/partition/mbr.h"
#include "disk/partition/partition_builder.h"

/* One copy of the table, as it was read. */
struct gpt_table {
	struct gpt_header header;
	uint32_t sector_size; /* bytes; 0 when there is no table */
	uint64_t sector;      /* where the header was found */
	bool is_backup;
	bool header_good; /* checksum, and it is where it says it is */
	bool entries_good;
	uint8_t *entries; /* gpt_array_size() bytes */
};

void partition_gpt_clear(struct gpt_table *table);
DEFINE_CLEAR(struct gpt_table, partition_gpt_clear)

/*
 * Look for a GPT: the primary at 512 and 4096 bytes a sector, then the backup. `mbr` may be NULL. A
 * damaged copy is used when there is nothing better. Sectors that cannot be read count as damaged.
 * 0, with ret_table->sector_size 0 when there is none; -ENOMEM with err filled.
 */
int partition_gpt_find(struct source *disk, const struct mbr *mbr, struct gpt_table *ret_table,
		       struct err *err);

/* Say what is wrong with the copy that was chosen, or with the other one. -ENOMEM. */
int partition_gpt_judge(struct source *disk, const struct gpt_table *table, struct notes *warnings,
			struct err *err);

/* Add all partitions. 0 or -ENOMEM with err filled. */
int partition_gpt_build(struct partition_builder *builder, const struct gpt_table *table,
			struct err *err);

#endif
