/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the metadata to the table of regions: what each byte of the plaintext is made of. Pure. */
#ifndef ADEFUSE_BDE_LAYOUT_H
#define ADEFUSE_BDE_LAYOUT_H

#include "bde/metadata.h"
#include "bde/regions.h"

/*
 * The table for [0, volume_size) of the metadata's info. What lies behind `available` bytes of the
 * encrypted volume, or is not known to be either, is refused. -EOVERFLOW when a bitmap makes more
 * than REGIONS_MAX regions, -ENOMEM.
 */
int layout_build(const struct bde_metadata *metadata, uint64_t available,
		 struct regions *ret_regions);

/* The end of what the metadata speaks of, as far as it does; 0: it does not. */
uint64_t layout_known_end(const struct bde_metadata *metadata);

#endif
