/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Partition tables over a byte source: GPT (primary or backup, logical sectors of 512 or 4096
 * bytes), MBR with logical partitions, or none (the disk is one volume). Parsed once; plain data
 * afterwards.
 */
#ifndef ADEFUSE_DISK_PARTITION_PARTITION_H
#define ADEFUSE_DISK_PARTITION_PARTITION_H

#include <stdbool.h>

#include "base/err.h"
#include "base/notes.h"
#include "base/text/guid.h"
#include "disk/source.h"

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
	bool clipped;	     /* the table says it goes on behind the end of the disk */
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
	struct partition *partitions; /* ascending by number; may overlap, which is warned of */
};

/*
 * Read the table of a disk. An image whose first sector is a volume's (BitLocker, NTFS, FAT, exFAT,
 * ReFS) or that has no table gives PARTITION_NONE with one partition, number 1, over the whole
 * disk. Damage is survived as far as possible and said in `warnings`. An extended partition itself
 * is not listed, only the logical ones in it. 0, or -errno with err filled when not even the first
 * sector can be read or memory is out.
 */
int partition_table_read(struct source *disk, struct notes *warnings,
			 struct partition_table **ret_table, struct err *err);

void partition_table_free(struct partition_table *table);
DEFINE_CLEANUP(struct partition_table, partition_table_free)

/* A word for people on what a partition is by its type: "EFI system", "Microsoft reserved", ... */
const char *partition_type_name(const struct partition_table *table,
				const struct partition *partition);

#endif
