/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One copy of the metadata: 64 KiB of bytes → checked numbers and the list of datums. Pure. */
#ifndef ADEFUSE_BDE_BLOCK_H
#define ADEFUSE_BDE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/guid.h"
#include "bde/datum.h"

enum {
	BLOCK_SIZE = 65536, /* room that Windows gives each copy; reads as zeros in the plaintext */
	BLOCK_COPIES = 3,
};

struct block { /* points into the parsed bytes */
	uint16_t version;
	size_t size; /* bytes that CRC and hash are over */
	uint16_t state_current;
	uint16_t state_next;
	uint64_t encrypted_size;
	uint32_t conversion_size;
	uint64_t offsets[BLOCK_COPIES];
	uint64_t header_offset; /* 0: the volume's header was not moved */
	uint64_t header_size;
	struct guid volume_id;
	uint16_t method;
	uint64_t created;
	struct cursor datums;	  /* well formed on the top level */
	struct datum_ccm fvek;	  /* size 0: none */
	struct datum_ccm hash;	  /* of the metadata, under the VMK; size 0: none */
	struct cursor text_utf16; /* empty: none */
};

/*
 * Parse and check one copy. `volume_size` and `sector_size` (bytes) bound the places it names.
 * -EINVAL, or -ENOTSUP for a version not known, with err filled (ERR_DISK): what is wrong with this
 * copy, to be put behind its place.
 */
int block_parse(const uint8_t *data, size_t size, uint64_t volume_size, uint32_t sector_size,
		struct block *ret_block, struct err *err);

#endif
