/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the maker has to know of the file system it encrypts: its geometry, which clusters are
 * free, and where the files lie that Windows reserves for BitLocker's own areas.
 */
#ifndef MKADE_FSMAP_H
#define MKADE_FSMAP_H

#include <stdbool.h>
#include <stdint.h>

enum fs_kind {
	FS_NTFS,
	FS_FAT32,
};

struct fsmap {
	enum fs_kind kind;
	uint32_t sector_size;
	uint32_t cluster_size;	/* bytes */
	uint64_t first_cluster; /* byte offset of the first cluster that the map counts */
	uint64_t cluster_count; /* clusters in the map */
	uint8_t *used;		/* one bit a cluster, least significant first */
	uint64_t mft_mirror;	/* NTFS: cluster of $MFTMirr */
	uint64_t reserved[4];	/* FVE2 files .1 .2 .3 and the one of the header; 0 if none */
	uint64_t reserved_size[4];
};

/* fd: the plaintext volume. Dies if it is neither NTFS nor FAT32. */
struct fsmap *fsmap_read(int fd);
void fsmap_free(struct fsmap *map);

/* True if [offset, offset + size) lies in free clusters or after the last one. */
bool fsmap_is_free(const struct fsmap *map, uint64_t offset, uint64_t size);

/* First free place of size bytes at or after from, then from the start. Marks it as used. */
uint64_t fsmap_take(struct fsmap *map, uint64_t from, uint64_t size);

/* Marks a place as used. */
void fsmap_mark(struct fsmap *map, uint64_t offset, uint64_t size);

/* Only for the reader of NTFS. */
void fsmap_read_ntfs(struct fsmap *map, int fd, const uint8_t boot[512]);

#endif
