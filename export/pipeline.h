/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source read by several threads at once and handed on in order: while one piece is written, the
 * next ones are read and decrypted.
 *
 * Threads: `readers` threads claim pieces in order, each fills the slot of the one it claimed, and
 * finds the zeros in it while the bytes are in its cache. Two consumers take them in order: the
 * caller's thread, and one more when there is a `second`. A slot is free for the next claim when
 * both have passed it. Claims, counters and the slots' `ready` are under one lock, which nobody
 * holds while reading or consuming; a slot's content belongs to its reader until it is ready, and
 * to the consumers then. The pieces are plaintext: their buffers are wiped before they are freed.
 */
#ifndef ADEFUSE_EXPORT_PIPELINE_H
#define ADEFUSE_EXPORT_PIPELINE_H

#include <stdbool.h>

#include "disk/source.h"

enum {
	PIECE_SIZE = 1 << 20, /* bytes of a piece that is read; every piece but the last ends at a
				 multiple of it */
	PIECE_BLOCK = 4096,   /* zeros are looked for in blocks of so many bytes */
	PIECE_SECTOR = 512,   /* unreadable bytes are counted in these */
	PIECE_BLOCKS = PIECE_SIZE / PIECE_BLOCK,
	PIECE_SECTORS = PIECE_SIZE / PIECE_SECTOR,
};

struct piece {
	uint64_t offset;
	uint64_t length;     /* at most PIECE_SIZE where there is data */
	const uint8_t *data; /* NULL: zeros, told by the source */
	bool zero[PIECE_BLOCKS];
	int errnum;		 /* why sectors could not be read; 0: all were */
	bool bad[PIECE_SECTORS]; /* those, when there is an errnum; zeros in `data` */
};

/* A run within a piece. */
struct piece_run {
	size_t start; /* bytes from the piece's start */
	size_t end;
};

/*
 * The next run behind run->end of blocks that are data; a stretch of zeros shorter than `least`
 * bytes counts as data. False: there is none. Begin with {0}.
 */
bool piece_next_data(const struct piece *piece, size_t least, struct piece_run *run);

/* The same for sectors that could not be read. */
bool piece_next_bad(const struct piece *piece, struct piece_run *run);

/* Takes the pieces in order; a negative result ends it all. */
typedef int (*piece_consumer)(void *context, const struct piece *piece);

struct pipeline_plan {
	struct source *source;
	uint64_t start;	       /* a multiple of PIECE_SIZE, or the source's size */
	bool read_all;	       /* also what the source tells to be zeros */
	piece_consumer first;  /* in the caller's thread */
	piece_consumer second; /* in one of its own; NULL: none */
	/* In the caller's thread, several times a second while it waits; false ends it all. */
	bool (*tick)(void *context);
	void *context; /* of all three */
};

/*
 * 0; a consumer's error; -EINTR when `tick` ended it; -ENOMEM, -EAGAIN. When it returns nothing of
 * it runs any more.
 */
int pipeline_run(const struct pipeline_plan *plan);

#endif
