/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GUID partition tables (UEFI specification, chapter 5): pure parsers of the header and of entries.
 * The primary header is in sector 1, the backup in the last sector of the disk.
 *
 * Header, little-endian:
 *
 *   off size
 *     0   8  "EFI PART"
 *     8   4  revision, 0x00010000
 *    12   4  size of the header, from 92 to the size of a sector
 *    16   4  CRC-32 of the header with this field zeroed
 *    20   4  zero
 *    24   8  sector of this header
 *    32   8  sector of the other header
 *    40   8  first sector for partitions
 *    48   8  last sector for partitions
 *    56  16  GUID of the disk
 *    72   8  first sector of the entries
 *    80   4  number of entries
 *    84   4  size of an entry, 128 times a power of two
 *    88   4  CRC-32 of all entries
 *
 * Entry:
 *
 *     0  16  GUID of the type; zeros in an unused one
 *    16  16  GUID of the partition
 *    32   8  first sector
 *    40   8  last sector, included
 *    48   8  attributes
 *    56  72  name, UTF-16LE
 */
#ifndef ADEFUSE_DISK_PARTITION_GPT_H
#define ADEFUSE_DISK_PARTITION_GPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text/guid.h"

enum {
	GPT_HEADER_MIN = 92,
	GPT_ENTRY_MIN = 128,
	GPT_ENTRY_MAX = 4096,
	GPT_NAME_SIZE = 72,
	GPT_ARRAY_MAX = 4 << 20, /* bytes of all entries: the cap of an allocation */
};

struct gpt_header {
	uint64_t sector;    /* where it says it is */
	uint64_t alternate; /* sector of the other header */
	struct guid disk_id;
	uint64_t entries_sector;
	uint32_t entry_count;
	uint32_t entry_size; /* bytes */
	uint32_t entries_crc;
	bool crc_good;
};

/*
 * Parse a header from the `size` bytes of its sector. False when the signature is not there or the
 * sizes cannot be: a count of 0, an entry size that is not allowed, entries above GPT_ARRAY_MAX.
 */
bool gpt_header_parse(const uint8_t *data, size_t size, struct gpt_header *ret_header);

/* Bytes of all entries: at most GPT_ARRAY_MAX for a header that was parsed. */
size_t gpt_array_size(const struct gpt_header *header);

struct gpt_entry {
	struct guid type;
	struct guid id;
	uint64_t first;	     /* sector */
	uint64_t last;	     /* sector, included; may be below `first` */
	const uint8_t *name; /* GPT_NAME_SIZE bytes within the data */
};

/* Parse an entry of at least GPT_ENTRY_MIN bytes. False when it is unused, or shorter. */
bool gpt_entry_parse(const uint8_t *data, size_t size, struct gpt_entry *ret_entry);

#endif
