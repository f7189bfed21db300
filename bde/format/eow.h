/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encrypt-on-write (EOW): the structures in which Windows 8 and later store which chunks of a
 * volume are ciphertext. Volumes have them when only their used space is encrypted, or when a
 * conversion is paused or was interrupted. Pure: bytes → checked numbers; eow_map.c reads them from
 * the volume.
 */
#ifndef ADEFUSE_BDE_FORMAT_EOW_H
#define ADEFUSE_BDE_FORMAT_EOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	EOW_DESCRIPTOR_MAX = 65536, /* its size is 16 bits on disk */
	EOW_BITMAP_MAX = 65536,	    /* header and both records; 0x600 bytes seen */
	EOW_RECORDS = 2,
	EOW_SLOTS = 2,
	EOW_LOG_HEADER_SIZE = 50,
	EOW_ENTRY_HEADER_SIZE = 32,
};

struct eow_descriptor {
	size_t size; /* bytes, with the offsets after the header */
	uint32_t sector_size;
	uint32_t chunk_size;
	uint32_t log_size;	 /* of one bitmap's conversion log, bytes */
	uint32_t log_entry_size; /* of each of its two entries, bytes */
	uint32_t count;		 /* of bitmaps */
	uint64_t copies[2];	 /* offsets of both copies */
	const uint8_t *offsets;	 /* `count` u64 within the parsed bytes: eow_bitmap_offset() */
};

struct eow_bitmap {
	uint32_t size; /* bytes, with both records */
	uint32_t index;
	uint64_t region_offset; /* bytes from the start of the volume */
	uint64_t region_size;
	uint64_t log_offset;
	uint32_t record_offsets[EOW_RECORDS]; /* from the bitmap's start */
	uint32_t record_size;
};

/*
 * One of a bitmap's two records. Windows writes them alternately, each with the next sequence
 * number.
 */
struct eow_record {
	bool valid; /* else only `sequence` may mean something, and is not to be trusted */
	uint64_t sequence;
	uint32_t bit_count;
	const uint8_t *bits; /* within the parsed bytes; least significant first, 1: ciphertext */
};

/* Header of a conversion log. */
struct eow_log {
	uint32_t block_size; /* bytes before the first entry, and of the headers in an entry */
	uint32_t entry_size;
	uint64_t region_offset;
};

/* Header of a log entry: what was about to be done when it was written. */
struct eow_entry {
	bool valid;
	bool blank; /* all zeros: never written */
	uint64_t lsn;
	uint64_t chunk; /* start of the chunk that is being converted; 0: none */
};

/*
 * The parsers return -EINVAL with err (ERR_DISK): what is wrong, for the caller to put after the
 * offset.
 */
int eow_descriptor_parse(const uint8_t *data, size_t size, struct eow_descriptor *ret_descriptor,
			 struct err *err);
uint64_t eow_bitmap_offset(const struct eow_descriptor *descriptor, uint32_t index);

/* `size` bytes from the bitmap's start; may be more than the bitmap has. */
int eow_bitmap_parse(const uint8_t *data, size_t size, struct eow_bitmap *ret_bitmap,
		     struct err *err);

/* Record `index` of a bitmap that starts at `data`; it must have `bit_count` bits. */
struct eow_record eow_record_parse(const uint8_t *data, const struct eow_bitmap *bitmap,
				   unsigned int index, uint64_t bit_count);

bool eow_log_parse(const uint8_t *data, size_t size, struct eow_log *ret_log);
struct eow_entry eow_entry_parse(const uint8_t *data, size_t size);

/* Bit `index` of a record: whether that chunk is ciphertext. */
bool eow_bit(const uint8_t *bits, uint64_t index);

#endif
