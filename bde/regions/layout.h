/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the metadata to the table of regions: what each byte of the plaintext is made of. Pure; any
 * thread; the table belongs to the caller.
 */
#ifndef ADEFUSE_BDE_REGIONS_LAYOUT_H
#define ADEFUSE_BDE_REGIONS_LAYOUT_H

#include "bde/format/block.h"
#include "bde/regions/eow_map.h"
#include "bde/regions/regions.h"

enum layout_base {	  /* what says which bytes are ciphertext */
	LAYOUT_REFUSED,	  /* nothing does */
	LAYOUT_PLAIN,	  /* none are */
	LAYOUT_CIPHER,	  /* all are, up to the encrypted size */
	LAYOUT_WATERMARK, /* those before the encrypted size are */
	LAYOUT_BITMAP,	  /* the EOW bitmaps */
};

struct layout_input {
	enum layout_base base;
	uint32_t sector_size;	   /* bytes */
	uint64_t volume_size;	   /* bytes, whole sectors: where the table ends */
	const struct block *block; /* sizes, and places of what is BitLocker's own */
	const struct eow_map *map; /* NULL: there are no bitmaps, or they cannot be read */
};

/*
 * The table for [0, volume_size). Bytes past the first `available` of the encrypted volume are
 * refused, and those that may be ciphertext or plaintext. -EOVERFLOW when a bitmap makes more than
 * REGIONS_MAX regions, -ENOMEM.
 */
int layout_build(const struct layout_input *input, uint64_t available, struct regions *ret_regions);

/* The end of the volume, bytes, as far as the metadata says it; 0: it does not. */
uint64_t layout_known_end(const struct layout_input *input);

#endif
