/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The BitLocker volume: from a plaintext file, places for BitLocker's areas and keys to the
 * bytes on disk, and to the plaintext that a reader must show.
 */
#ifndef MKADE_VOLUME_H
#define MKADE_VOLUME_H

#include "fsmap.h"
#include "meta.h"

struct region {
	uint64_t offset, size;
};

struct volume {
	int fd; /* plaintext file */
	uint64_t file_size;
	bool sparse;
	struct fsmap *map;
	struct meta meta;
	struct region zero[META_COPIES + 1]; /* what reads as zeros: metadata copies, header */
	struct region *extents;		     /* sparse: what is written of the volume, in order */
	size_t extent_count;
};

/* Chooses the places of BitLocker's areas. place: four offsets, or NULL. */
void volume_place(struct volume *v, const uint64_t *place);

/* Plaintext as a reader must show it. */
void volume_read_plain(const struct volume *v, void *buf, size_t n, uint64_t off);

/* Writes the volume at base of fd. */
void volume_write(struct volume *v, int fd, uint64_t base);

void volume_close(struct volume *v);

#endif
