/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which chunks of an encrypt-on-write volume are ciphertext, from its descriptor, bitmaps and logs.
 * Read once, constant afterwards: any thread may use it then.
 *
 * Nothing is guessed: where a bitmap, its newest record or its log cannot be read, the region is
 * lost, and it is not known which of its chunks are ciphertext.
 */
#ifndef ADEFUSE_BDE_REGIONS_EOW_MAP_H
#define ADEFUSE_BDE_REGIONS_EOW_MAP_H

#include "base/notes.h"
#include "bde/format/eow.h"
#include "disk/source.h"

enum {
	EOW_COPIES = 2,
	EOW_BITS_MAX = 8 << 20, /* bytes of bitmaps that are kept: 512 TiB of 8 MiB chunks */
};

struct eow_region {
	bool known;	/* where it starts and ends; else somewhere between its neighbours */
	uint64_t start; /* bytes from the start of the volume */
	uint64_t end;
	uint64_t bitmap_offset;
	uint32_t bitmap_size; /* bytes; 0: not known */
	uint64_t log_offset;  /* only when known */
	uint8_t *bits;	      /* one a chunk, 1: ciphertext; NULL: lost */
	uint64_t busy;	      /* start of the chunk whose conversion was interrupted; 0: none */
	char *problem;	      /* why it is lost; NULL when not */
};

struct eow_map {
	uint64_t copies[EOW_COPIES]; /* of the descriptor, as the boot sector has them */
	uint64_t places[EOW_COPIES]; /* the same from the descriptor, which has a checksum */
	char *copy_problems[EOW_COPIES];
	size_t descriptor_size;
	uint32_t chunk_size;
	uint32_t log_size;
	uint32_t count;
	struct eow_region *regions; /* ascending, those that are known */
	uint32_t lost;		    /* how many of them */
};

/*
 * `copies` are the offsets of the descriptor from the boot sector. A lost region goes to `warnings`
 * and does not make this fail. -EINVAL with err (ERR_DISK) when neither copy is usable or the two
 * disagree; -ENOMEM.
 */
int eow_map_read(struct source *volume, const uint64_t copies[EOW_COPIES], struct notes *warnings,
		 struct eow_map **ret_map, struct err *err);
void eow_map_free(struct eow_map *map);
DEFINE_CLEANUP(struct eow_map, eow_map_free)

/* How many chunks a region has. */
uint64_t eow_map_chunk_count(const struct eow_map *map, const struct eow_region *region);

#endif
