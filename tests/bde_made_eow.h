/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The small volume of bde_made.h as encrypt-on-write leaves it: some chunks ciphertext, some
 * plaintext, and the structures that say which. Laid out as on a real volume, but for the sizes:
 * four regions, the second of which is the moved header's; the third ends in half a chunk and does
 * not begin at a multiple of one. Every byte that is not BitLocker's own is random, so a chunk
 * taken for what it is not shows. No code of bde/ is used here.
 */
#ifndef ADEFUSE_TESTS_BDE_MADE_EOW_H
#define ADEFUSE_TESTS_BDE_MADE_EOW_H

#include "tests/bde_made.h"

enum {
	MADE_EOW_FLAGS = 0x14a,
	MADE_EOW_COPY_1 = 0x50000,
	MADE_EOW_COPY_2 = 0x51000,
	MADE_EOW_BITMAPS = 0x52000, /* the first of them */
	MADE_EOW_STRIDE = 0xa000,   /* from one to the next */
	MADE_EOW_BITMAP_SIZE = 0x600,
	MADE_EOW_RECORD_SIZE = 0x200,
	MADE_EOW_RECORD_1 = 0x200, /* in a bitmap */
	MADE_EOW_RECORD_2 = 0x400,
	MADE_EOW_LOG = 0x1000, /* from its bitmap */
	MADE_EOW_CHUNK = 0x8000,
	MADE_EOW_REGIONS = 4,
};

extern const uint64_t made_eow_edges[MADE_EOW_REGIONS + 1]; /* of the regions */

/*
 * Bit n of `pattern`, counted through all regions and round and round, says whether chunk n is
 * ciphertext. The first record of each bitmap is the newer one; the second has every bit inverted.
 */
struct made *made_eow_new(uint16_t method, uint32_t sector_size, unsigned int protectors,
			  uint64_t pattern);

size_t made_eow_bitmap(unsigned int region);	   /* the offset of its bitmap */
size_t made_eow_log_size(const struct made *made); /* bytes */
size_t made_eow_entry_size(const struct made *made);
size_t made_eow_entry(const struct made *made, unsigned int region, unsigned int slot);

/* Correct the CRC of the structure at `at`. */
void made_eow_seal_descriptor(struct made *made, size_t at);
void made_eow_seal_bitmap(struct made *made, size_t at);
void made_eow_seal_record(struct made *made, size_t at);

/* Write a log entry, at both its ends. `chunk` 0: idle. */
void made_eow_put_entry(struct made *made, unsigned int region, unsigned int slot, uint64_t lsn,
			uint64_t chunk);

#endif
