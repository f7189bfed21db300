/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Partitions of an MBR, with the chain of its extended partitions; inside disk/partition/. One
 * thread.
 */
#ifndef ADEFUSE_DISK_PARTITION_PARTITION_MBR_H
#define ADEFUSE_DISK_PARTITION_PARTITION_MBR_H

#include "disk/partition/mbr.h"
#include "disk/partition/partition_builder.h"

/*
 * How many of the entries lead to the start of a known volume or to an extended record, if a
 * sector has `sector_size` bytes. An entry that starts in sector 0 does not count.
 */
unsigned int partition_mbr_evidence(struct source *disk, const struct mbr *mbr,
				    uint32_t sector_size);

/*
 * Bytes a sector. An MBR does not say it, and the image of a disk with sectors of 4096 bytes looks
 * like any other file: so it is the size with which volumes are found where the table says.
 */
uint32_t partition_mbr_sector_size(struct source *disk, const struct mbr *mbr);

/* Add all partitions but protective and extended ones. 0 or -ENOMEM with err filled. */
int partition_mbr_build(struct partition_builder *builder, const struct mbr *mbr, struct err *err);

#endif
