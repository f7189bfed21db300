/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A partition table as it was read: plain data, which owns its partitions and their names. Any
 * thread may read it.
 */
#ifndef ADEFUSE_DISK_PARTITION_PARTITION_TABLE_H
#define ADEFUSE_DISK_PARTITION_PARTITION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/text/guid.h"

enum partition_scheme {
	PARTITION_NONE,
	PARTITION_MBR,
	PARTITION_GPT,
};

const char *partition_scheme_name(enum partition_scheme scheme); /* "none", "mbr", "gpt" */

/* Cap for hostile tables; Windows itself makes at most 128. */
enum {
	PARTITION_MAX = 1024
};

struct partition {
	unsigned int number; /* as Linux numbers it: GPT entry or MBR slot from 1, logical from 5 */
	uint64_t offset;     /* bytes from the start of the disk */
	uint64_t size;	     /* bytes, clipped to the disk; never 0 */
	bool clipped;	     /* the table says that it goes on past the end of the disk */
	uint64_t size_in_table; /* bytes, as the table says */
	uint8_t mbr_type;	/* MBR only */
	struct guid type;	/* GPT only */
	struct guid id;		/* GPT only */
	char *name;		/* GPT only: UTF-8, sanitised; never NULL for GPT */
};

struct partition_table {
	enum partition_scheme scheme;
	uint32_t sector_size;	 /* bytes */
	struct guid disk_id;	 /* GPT */
	uint32_t disk_signature; /* MBR */
	size_t count;
	struct partition *partitions; /* ascending by number; may overlap, with a warning */
};

void partition_table_free(struct partition_table *table);
DEFINE_CLEANUP(struct partition_table, partition_table_free)

/* What a partition is by its type, for people: "EFI system", "Microsoft reserved", ... */
const char *partition_type_name(const struct partition_table *table,
				const struct partition *partition);

#endif
