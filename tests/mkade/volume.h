/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The BitLocker volume: from a plaintext file, places for BitLocker's areas and keys to the
 * bytes on disk, and to the plaintext that a reader must show.
 */
#ifndef MKADE_VOLUME_H
#define MKADE_VOLUME_H

#include "tests/mkade/bde/eow.h"
#include "tests/mkade/bde/meta.h"
#include "tests/mkade/disk/fsmap.h"
#include "tests/mkade/regions.h"

struct volume {
	int fd; /* plaintext file */
	uint64_t file_size;
	bool sparse;
	struct fsmap *map;
	struct meta meta;
	struct eow eow;
	struct regions zero;	/* what reads as zeros: metadata copies, header, EOW's areas */
	struct regions mixed;	/* half ciphertext and half plaintext */
	struct regions refused; /* mixed, or what nothing is known of: a read of it must fail */
	struct regions extents; /* sparse: the written parts of the volume, in order */
};

/* Chooses the places of BitLocker's areas. place: four offsets, or NULL. */
void volume_place(struct volume *v, const uint64_t *place);

/* Whether the bytes at off are ciphertext on the disk, and where that changes (or the end). */
bool volume_is_encrypted(const struct volume *v, uint64_t off, uint64_t *ret_end);

/* Plaintext as a reader must show it; zeros where it must refuse. */
void volume_read_plain(const struct volume *v, void *buf, size_t n, uint64_t off);

/* Writes the volume at base of fd. */
void volume_write(struct volume *v, int fd, uint64_t base);

/*
 * What a mistyped dd or a partitioning tool does to the written volume. The boot sector is gone,
 * and with it all that says where the metadata is; the file system's own front is elsewhere. how:
 * zeros:SECTORS or noise:SECTORS.
 */
void volume_overwrite_front(const struct volume *v, const char *how, int fd, uint64_t base);

void volume_close(struct volume *v);

#endif
