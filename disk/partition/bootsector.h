/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a sector is the first one of a volume. Boot sectors of volumes and master boot records
 * both end in 55 AA, so the first bytes distinguish a disk that is one bare volume from a
 * partitioned one:
 *
 *   off size
 *     0   3  jump
 *     3   8  "-FVE-FS-" BitLocker, "NTFS    ", "EXFAT   ", "ReFS" and four zeros;
 *            FAT has any text there, BitLocker To Go (which looks like FAT) "MSWIN4.1"
 *    11   2  bytes a sector                          \
 *    13   1  sectors a cluster, a power of two        |
 *    14   2  reserved sectors, not 0                  |  FAT is known by these
 *    16   1  number of FATs, 1 or 2                   |  making sense together
 *    19   2  sectors of the volume, or 0 and @32      |
 *    21   1  medium, 0xf0 or from 0xf8                |
 *    22   2  sectors a FAT, or 0 and @36             /
 *    40   8  NTFS: sectors of the volume without its last one
 *    72   8  exFAT: sectors of the volume; 108 1 their size as a power of two
 */
#ifndef ADEFUSE_DISK_PARTITION_BOOTSECTOR_H
#define ADEFUSE_DISK_PARTITION_BOOTSECTOR_H

#include <stddef.h>
#include <stdint.h>

enum bootsector {
	BOOTSECTOR_NONE,
	BOOTSECTOR_BITLOCKER,
	BOOTSECTOR_NTFS,
	BOOTSECTOR_EXFAT,
	BOOTSECTOR_REFS,
	BOOTSECTOR_FAT, /* also BitLocker To Go */
};

enum {
	BOOTSECTOR_SIZE = 512 /* of sectors of 4096 bytes too, only the first 512 count */
};

enum bootsector bootsector_recognise(const uint8_t *data, size_t size);

/*
 * The size of the volume that begins with the sector, bytes; 0 when it is not known or impossible.
 */
uint64_t bootsector_volume_size(const uint8_t *data, size_t size);

#endif
