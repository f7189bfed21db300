/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of a volume: what the boot sector, the states on disk, the clear key and the bitmaps
 * add up to, and whether the volume can be served. Computed once, when the metadata is read.
 *
 * Pure; any thread. The result points to what the input points to.
 *
 * Source of the states on disk: volumes that Windows 7 to 11 paused, interrupted and finished; the
 * meaning of others is not public, and such volumes are refused.
 */
#ifndef ADEFUSE_BDE_STATE_H
#define ADEFUSE_BDE_STATE_H

#include "bde/bde.h"
#include "bde/format/boot.h"
#include "bde/regions/layout.h"

struct state_input {
	enum boot_kind kind;
	const struct block *block;
	const struct eow_map *map; /* NULL: not an EOW volume, or no descriptor can be read */
	bool clear_key;		   /* a protector is a clear key */
	uint32_t sector_size;	   /* bytes */
	uint64_t source_size;	   /* bytes of the encrypted volume that are there */
};

enum state_obstacle { /* why a volume is not served, the first that holds */
	STATE_SERVED,
	STATE_VISTA,	     /* format version 1 */
	STATE_NO_DESCRIPTOR, /* no copy of the EOW descriptor is usable */
	STATE_BITMAPS_LOST,  /* some of the EOW bitmaps */
	STATE_UNKNOWN_KIND,  /* of boot sector */
	STATE_CONTRADICTION, /* the metadata says that there are bitmaps, the boot sector not */
	STATE_UNKNOWN,	     /* states on disk */
	STATE_NO_HEADER,     /* the volume's header has no place */
	STATE_UNKNOWN_METHOD,
};

struct state {
	enum bde_state state;
	enum bde_conversion conversion;
	bool suspended;		  /* a clear key is stored on the disk */
	uint64_t ciphertext_size; /* bytes, as far as known */
	enum state_obstacle obstacle;
	enum state_obstacle salvage_obstacle; /* the same with BDE_SALVAGE */
	struct layout_input layout;	      /* what layout_build() makes the table of */
};

/* 0 or -ENOMEM. */
int state_compute(const struct state_input *input, struct state *ret_state);

#endif
