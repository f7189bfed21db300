/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Partition tables over a byte source: GPT (primary or backup, logical sectors of 512 or 4096
 * bytes), MBR with logical partitions, or none (the disk is one volume). Parsed once; plain data
 * afterwards.
 */
#ifndef ADEFUSE_DISK_PARTITION_PARTITION_H
#define ADEFUSE_DISK_PARTITION_PARTITION_H

#include "base/err.h"
#include "base/notes.h"
#include "disk/partition/partition_table.h"
#include "disk/source.h"

/*
 * Read the table of a disk. An image whose first sector begins a volume (BitLocker, NTFS, FAT,
 * exFAT, ReFS), or that has no table, gives PARTITION_NONE with one partition, number 1, over the
 * whole disk. A damaged table is used as far as possible, and `warnings` says what is wrong. An
 * extended partition is not listed itself, only the logical ones in it. 0, or -errno with err
 * filled when not even the first sector can be read or memory is out.
 */
int partition_table_read(struct source *disk, struct notes *warnings,
			 struct partition_table **ret_table, struct err *err);

#endif
