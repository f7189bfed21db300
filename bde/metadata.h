/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metadata of one volume as the files of bde/ share it; others see bde.h. */
#ifndef ADEFUSE_BDE_METADATA_H
#define ADEFUSE_BDE_METADATA_H

#include "bde/bde.h"
#include "bde/format/block.h"
#include "bde/format/boot.h"
#include "bde/format/protector.h"
#include "bde/regions/eow_map.h"
#include "bde/state.h"

struct bde_metadata {
	struct bde_info info;
	struct boot boot;
	uint8_t *bytes; /* the copy that is used; `block` and `parts` point into it */
	struct block block;
	struct protector parts[BDE_PROTECTOR_MAX]; /* as info.protectors */
	struct eow_map *eow;   /* NULL when it is no EOW volume, or cannot be read: */
	struct err eow_failed; /* why not */
	struct state state;    /* computed from all of these; points into them */
};

/*
 * Read the copies that `boot` leads to, and all else that needs no key. `warnings` may get lines
 * even if this fails.
 */
int metadata_read_at(struct source *volume, const struct boot *boot, bool boot_lost,
		     struct notes *warnings, struct bde_metadata **ret_metadata, struct err *err);

#endif
