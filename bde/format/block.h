/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One copy of the metadata: 64 KiB of bytes → checked numbers and the list of datums. Pure. */
#ifndef ADEFUSE_BDE_FORMAT_BLOCK_H
#define ADEFUSE_BDE_FORMAT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/text/guid.h"
#include "bde/format/datum.h"

enum {
	BLOCK_SIZE = 65536, /* bytes that Windows reserves for each copy; they read as zeros in the
			       plaintext */
	BLOCK_COPIES = 3,
};

enum block_eow { /* whether the metadata itself says that a bitmap lists what is encrypted */
	BLOCK_EOW_UNSAID, /* Windows 7, which knows no such volumes, does not say */
	BLOCK_EOW_NO,
	BLOCK_EOW_YES,
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
	enum block_eow eow;
	struct guid volume_id;
	uint16_t method;
	uint64_t created;
	struct cursor datums;	  /* well formed on the top level */
	struct datum_ccm fvek;	  /* size 0: none */
	struct datum_ccm hash;	  /* of the metadata, under the VMK; size 0: none */
	struct cursor text_utf16; /* empty: none */
};

/*
 * Parse and check one copy. `sector_size` in bytes. -EINVAL, or -ENOTSUP for a version not known,
 * with err filled (ERR_DISK): what is wrong with this copy, for the caller to put after its offset.
 */
int block_parse(const uint8_t *data, size_t size, uint32_t sector_size, struct block *ret_block,
		struct err *err);

/*
 * Whether one of the offsets that it names is the one it was read from. The offsets of the copies
 * decide what reads as zeros: metadata that has its own offset wrong cannot be right about that.
 */
bool block_names_place(const struct block *block, uint64_t offset);

#endif
