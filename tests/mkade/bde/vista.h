/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What differs in volumes of Windows Vista, format version 1, from those of later ones:
 *
 *   boot sector   NTFS's own, but for the signature at 3 and, at 56 where NTFS has the cluster of
 *                 $MFTMirr, the cluster of the first metadata block; no GUID
 *   front         the first 8 KiB are plaintext in place, nothing is relocated
 *   block         in 16 KiB rounded up to clusters, all zeros to a reader; u16 size at 8 is in
 *                 bytes, version 1, and 56 has the cluster of $MFTMirr; the CRC-32 covers that size
 *   validation    u16 8, u16 1, u32 CRC-32: no hash under the VMK
 *
 * From the public descriptions of libbde's and dislocker's authors. The encrypted size, 0 on the
 * volumes that they saw, is taken for the watermark when it is not.
 */
#ifndef MKADE_VISTA_H
#define MKADE_VISTA_H

#include "tests/mkade/bde/plan.h"

#define VISTA_FRONT	 8192u
#define VISTA_CLUSTER_AT 56 /* in the boot sector and in a block */

/* Dies if Vista had no such volume. */
void vista_check(const struct meta *m);
uint64_t vista_area_size(const struct meta *m);
void vista_build_boot(const struct meta *m, const uint8_t ntfs[512], uint8_t ret_boot[512]);
/* Turns the header of a block into one of version 1; covered: bytes that the CRC is of. */
void vista_fill_header(uint8_t *header, size_t covered, const struct meta *m);
void vista_append_validation(struct buf *b, uint32_t crc);

#endif
