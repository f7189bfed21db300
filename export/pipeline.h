/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads a source in several threads at once and hands it on in order: while one piece is written,
 * the next ones are read and decrypted.
 *
 * Threads: reader threads claim pieces in order. Each fills the slot of the piece that it claimed,
 * and finds the zeros in it while the bytes are in its cache. Two consumers take the pieces in
 * order: the caller's thread, and one more when there is a `second`. A slot is free for the next
 * claim when both have passed it. Claims, counters and the slots' `ready` are under one lock, which
 * nobody holds while reading or consuming. A slot's content belongs to its reader until it is
 * ready, then to the consumers. The pieces are plaintext: their buffers are wiped before they are
 * freed.
 */
#ifndef ADEFUSE_EXPORT_PIPELINE_H
#define ADEFUSE_EXPORT_PIPELINE_H

#include <stdbool.h>

#include "disk/source.h"
#include "export/piece.h"

/* Takes the pieces in order; a negative result ends the run. */
typedef int (*piece_consumer)(void *context, const struct piece *piece);

struct pipeline_plan {
	struct source *source;
	uint64_t start;	       /* a multiple of PIECE_SIZE, or the source's size */
	bool read_all;	       /* also where the source says that it is zeros */
	piece_consumer first;  /* in the caller's thread */
	piece_consumer second; /* in a thread of its own; NULL: none */
	/*
	 * In the caller's thread, after each piece and several times a second while it waits; false
	 * ends it all.
	 */
	bool (*tick)(void *context);
	void *context; /* of all three */
};

/*
 * 0; a consumer's error; -EINTR when `tick` ended it; -ENOMEM, -EAGAIN. All its threads have ended
 * when it returns.
 */
int pipeline_run(const struct pipeline_plan *plan);

#endif
