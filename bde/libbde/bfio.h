/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source as a file of libbfio, through which libbde reads. It can be shown other bytes than those
 * on the disk: bde/libbde/quirks.c says why. Threads: one at a time.
 */
#ifndef ADEFUSE_BDE_LIBBDE_BFIO_H
#define ADEFUSE_BDE_LIBBDE_BFIO_H

#include <libbfio.h>
#include <stddef.h>
#include <stdint.h>

#include "bde/bde.h"
#include "disk/source.h"

enum {
	BFIO_FIELD_SIZE = 8
};

/* Bytes that replace those that are read. */
struct bfio_field {
	uint64_t at;
	uint8_t bytes[BFIO_FIELD_SIZE];
};

/* Belongs to the caller, which fills the fields and holds the reference to the source. */
struct bfio {
	struct source *source;
	uint64_t position;
	int errnum; /* errno of the last read, positive; 0: it succeeded */

	/*
	 * Offset of the metadata block of Vista's format that is shown at 0, except to a read of
	 * the boot sector, 512 bytes; 0: none.
	 */
	uint64_t block;
	size_t shown_count;
	struct bfio_field shown[BDE_COPIES + 1];
};

/* Put those fields into the buffer that are within its `length` bytes from `offset` on. */
void bfio_put_fields(const struct bfio_field *fields, size_t count, uint8_t *buffer, size_t length,
		     uint64_t offset);

/* A handle on `io`, which outlives it; the caller frees it. 0 or -ENOMEM. */
int bfio_open(struct bfio *io, libbfio_handle_t **ret_handle);

#endif
