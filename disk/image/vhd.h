/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The footer of a VHD ("Virtual Hard Disk Image Format Specification", version 1.0), parsed and
 * made. Pure.
 *
 * Layout, big-endian throughout:
 *
 *   off size
 *     0   8  "conectix"
 *     8   4  features
 *    12   4  version, 0x00010000
 *    16   8  offset of the dynamic header; all ones in a fixed disk
 *    24  16  time, creator, its version and host
 *    40   8  original size of the disk, bytes
 *    48   8  current size of the disk, bytes
 *    56   4  geometry: cylinders (2), heads (1), sectors (1)
 *    60   4  type: 2 fixed, 3 dynamic, 4 differencing
 *    64   4  checksum: inverted sum of all other bytes of the footer
 *    68  16  identifier
 *    84   1  saved state
 *    85 427  zero
 *
 * A fixed VHD is the bytes of the disk, followed by this footer; dynamic and differencing ones have
 * a copy of it at the start as well. The size of the disk is the current size: the geometry is
 * rounded down, and limited to 127 GiB. Virtual PC before 2004 wrote 511 bytes: the last one,
 * always zero, is missing.
 */
#ifndef ADEFUSE_DISK_IMAGE_VHD_H
#define ADEFUSE_DISK_IMAGE_VHD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VHD_FOOTER_SIZE = 512,
	VHD_FOOTER_SIZE_OLD = 511,
	VHD_SECTOR_SIZE = 512,
	VHD_ID_SIZE = 16,
};

enum vhd_type {
	VHD_TYPE_FIXED = 2,
	VHD_TYPE_DYNAMIC = 3,
	VHD_TYPE_DIFFERENCING = 4,
};

struct vhd_footer {
	uint32_t version;
	uint64_t header_offset; /* bytes; only with a dynamic header */
	uint64_t original_size; /* bytes */
	uint64_t current_size;	/* bytes */
	uint32_t type;		/* enum vhd_type, or anything else */
	bool checksum_good;
};

/*
 * Parse `size` bytes (512, or 511 for an old footer). False when they are not a footer: another
 * size, or no "conectix". The caller judges everything else; real files with a wrong checksum
 * exist.
 */
bool vhd_footer_parse(const uint8_t *data, size_t size, struct vhd_footer *ret_footer);

/*
 * The footer of a fixed disk of `size` bytes, a multiple of 512. Its maker is given as Hyper-V
 * ("win
 * "): readers take the size field of the makers they know, and the rounded geometry of all others.
 * Its time is none, so that equal disks give equal footers.
 */
void vhd_footer_make(uint64_t size, const uint8_t id[VHD_ID_SIZE],
		     uint8_t ret_footer[VHD_FOOTER_SIZE]);

/* The checksum of a footer, without its own field. */
uint32_t vhd_checksum(const uint8_t *data, size_t size);

#endif
