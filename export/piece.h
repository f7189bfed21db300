/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A piece of a source on its way through the pipeline: its bytes, and which of them are zeros or
 * could not be read. Pure.
 */
#ifndef ADEFUSE_EXPORT_PIECE_H
#define ADEFUSE_EXPORT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PIECE_SIZE = 1 << 20, /* bytes; every piece but the last ends at a multiple of it */
	PIECE_BLOCK = 4096,   /* zeros are found in blocks of so many bytes */
	PIECE_SECTOR = 512,   /* unreadable bytes are counted in these */
	PIECE_BLOCKS = PIECE_SIZE / PIECE_BLOCK,
	PIECE_SECTORS = PIECE_SIZE / PIECE_SECTOR,
};

struct piece {
	uint64_t offset;
	uint64_t length;     /* at most PIECE_SIZE where there is data */
	const uint8_t *data; /* NULL: zeros, as the source says */
	bool zero[PIECE_BLOCKS];
	int errnum;		 /* why sectors could not be read; 0: all could */
	bool bad[PIECE_SECTORS]; /* those sectors, set if errnum; `data` has zeros there */
};

/* A run within a piece. */
struct piece_run {
	size_t start; /* bytes from the piece's start */
	size_t end;
};

/*
 * The next run after run->end of blocks that are data; a stretch of zeros shorter than `least`
 * bytes counts as data. False: there is none. Start with {0}.
 */
bool piece_next_data(const struct piece *piece, size_t least, struct piece_run *run);

/* The same for sectors that could not be read. */
bool piece_next_bad(const struct piece *piece, struct piece_run *run);

#endif
