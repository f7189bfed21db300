/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small encrypt-on-write volume; see bde_made_eow.h. */
#include "tests/bde_made_eow.h"

#include <string.h>

#include "base/crc32.h"

const uint64_t made_eow_edges[MADE_EOW_REGIONS + 1] = {0x2000, 0x30000, 0x32000, 0x9e000,
						       MADE_SIZE};

size_t made_eow_bitmap(unsigned int region)
{
	return MADE_EOW_BITMAPS + (size_t)region * MADE_EOW_STRIDE;
}

size_t made_eow_entry_size(const struct made *made)
{
	size_t body = (size_t)16 * (MADE_EOW_CHUNK / made->sector_size);

	body = (body + made->sector_size - 1) / made->sector_size * made->sector_size;
	return body + 2 * (size_t)made->sector_size;
}

size_t made_eow_log_size(const struct made *made)
{
	return 2 * made_eow_entry_size(made) + 2 * (size_t)made->sector_size;
}

size_t made_eow_entry(const struct made *made, unsigned int region, unsigned int slot)
{
	return made_eow_bitmap(region) + MADE_EOW_LOG + made->sector_size +
	       slot * made_eow_entry_size(made);
}

static void seal(uint8_t *at, size_t size, size_t field)
{
	made_put(at + field, 0, 4);
	made_put(at + field, crc32_compute(at, size), 4);
}

void made_eow_seal_descriptor(struct made *made, size_t at)
{
	seal(made->disk + at, 56 + 8 * MADE_EOW_REGIONS, 36);
}

void made_eow_seal_bitmap(struct made *made, size_t at)
{
	seal(made->disk + at, MADE_EOW_RECORD_1, 56);
}

void made_eow_seal_record(struct made *made, size_t at)
{
	seal(made->disk + at, MADE_EOW_RECORD_SIZE, 32);
}

void made_eow_put_entry(struct made *made, unsigned int region, unsigned int slot, uint64_t lsn,
			uint64_t chunk)
{
	size_t size = made_eow_entry_size(made);
	uint8_t *head = made->disk + made_eow_entry(made, region, slot);
	uint8_t *tail = head + size - made->sector_size;
	size_t body = size - 2 * (size_t)made->sector_size;

	memset(head, 0, size);
	made_put(head, 32, 2);
	made_put(head + 2, 1, 2);
	made_put(head + 4, lsn, 8);
	made_put(head + 12, chunk, 8);
	made_put(head + 20, body, 4);
	made_put(head + 24, crc32_compute(head + made->sector_size, body), 4);
	made_put(head + 28, crc32_compute(head, 28), 4);
	memcpy(tail, head, 32);
}

static void put_descriptor(struct made *made, size_t at)
{
	uint8_t *out = made->disk + at;

	memset(out, 0, made->sector_size);
	memcpy(out, "FVE-EOW", 8);
	made_put(out + 8, 56, 2);
	made_put(out + 10, 56 + 8 * MADE_EOW_REGIONS, 2);
	made_put(out + 12, made->sector_size, 4);
	made_put(out + 16, made->sector_size, 4);
	made_put(out + 20, MADE_EOW_CHUNK, 4);
	made_put(out + 24, made_eow_log_size(made), 4);
	made_put(out + 28, made_eow_entry_size(made), 4);
	made_put(out + 32, MADE_EOW_REGIONS, 4);
	made_put(out + 40, MADE_EOW_COPY_1, 8);
	made_put(out + 48, MADE_EOW_COPY_2, 8);
	for (unsigned int i = 0; i < MADE_EOW_REGIONS; i++)
		made_put(out + 56 + 8 * (size_t)i, made_eow_bitmap(i), 8);
	made_eow_seal_descriptor(made, at);
}

static size_t chunk_count(unsigned int region)
{
	return (size_t)((made_eow_edges[region + 1] - made_eow_edges[region] + MADE_EOW_CHUNK - 1) /
			MADE_EOW_CHUNK);
}

/* The bits past the count are all set, as Windows leaves them. */
static void put_record(struct made *made, size_t at, unsigned int region, size_t first,
		       uint64_t pattern, uint64_t sequence)
{
	uint8_t *out = made->disk + at;
	size_t count = chunk_count(region);

	memcpy(out, "FVE-EOWBR", 10);
	made_put(out + 10, 36, 2);
	made_put(out + 12, MADE_EOW_RECORD_SIZE, 4);
	made_put(out + 16, count, 4);
	made_put(out + 20, sequence, 8);
	made_put(out + 28, 2, 4);
	memset(out + 36, 0xff, 8);
	for (size_t i = 0; i < count; i++) {
		if (!(pattern >> ((first + i) % 64) & 1))
			out[36 + i / 8] &= (uint8_t) ~(1U << (i % 8));
	}
	made_eow_seal_record(made, at);
}

static void put_log(struct made *made, unsigned int region)
{
	size_t at = made_eow_bitmap(region) + MADE_EOW_LOG;
	uint8_t *out = made->disk + at;

	memset(out, 0, made_eow_log_size(made));
	memcpy(out, "OLRDHEVF", 8);
	made_put(out + 8, 50, 2);
	made_put(out + 10, 1, 2);
	made_put(out + 12, 2, 2);
	made_put(out + 14, made->sector_size, 4);
	made_put(out + 18, MADE_SIZE, 8);
	made_put(out + 26, MADE_EOW_CHUNK, 4);
	made_put(out + 30, made_eow_entry_size(made), 4);
	made_put(out + 34, 32, 4);
	made_put(out + 38, 2, 4);
	made_put(out + 42, made_eow_edges[region], 8);
	memcpy(out + made_eow_log_size(made) - made->sector_size, out, 64);
	/* the last conversion, and that it was the last */
	made_eow_put_entry(made, region, 0, 6, made_eow_edges[region]);
	made_eow_put_entry(made, region, 1, 7, 0);
}

static void put_bitmap(struct made *made, unsigned int region, size_t first, uint64_t pattern)
{
	size_t at = made_eow_bitmap(region);
	uint8_t *out = made->disk + at;

	memset(out, 0,
	       (size_t)made->sector_size *
		       ((MADE_EOW_BITMAP_SIZE + made->sector_size - 1) / made->sector_size));
	memcpy(out, "FVE-EOWBM", 10);
	made_put(out + 10, 60, 2);
	made_put(out + 12, MADE_EOW_BITMAP_SIZE, 4);
	made_put(out + 16, region, 4);
	made_put(out + 20, made_eow_edges[region], 8);
	made_put(out + 28, made_eow_edges[region + 1] - made_eow_edges[region], 8);
	made_put(out + 36, at + MADE_EOW_LOG, 8);
	made_put(out + 44, MADE_EOW_RECORD_1, 4);
	made_put(out + 48, MADE_EOW_RECORD_2, 4);
	made_put(out + 52, MADE_EOW_RECORD_SIZE, 4);
	made_eow_seal_bitmap(made, at);
	put_record(made, at + MADE_EOW_RECORD_1, region, first, pattern, 8);
	put_record(made, at + MADE_EOW_RECORD_2, region, first, ~pattern, 7);
	put_log(made, region);
}

/* What BitLocker's own structures take reads as zeros, in whole sectors. */
static void zero_plain(struct made *made, size_t at, size_t size)
{
	size = (size + made->sector_size - 1) / made->sector_size * made->sector_size;
	memset(made->plain + at, 0, size);
}

static void put_boot(struct made *made)
{
	static const uint8_t guid[16] = {0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d,
					 0x9e, 0x4e, 0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8};

	memcpy(made->disk + 0xa0, guid, sizeof(guid));
	made_put(made->disk + 0xc8, MADE_EOW_COPY_1, 8);
	made_put(made->disk + 0xd0, MADE_EOW_COPY_2, 8);
}

struct made *made_eow_new(uint16_t method, uint32_t sector_size, unsigned int protectors,
			  uint64_t pattern)
{
	struct made *made = made_new_flags(method, sector_size, protectors, MADE_EOW_FLAGS);
	size_t chunk = 0;

	for (unsigned int i = 0; i < MADE_EOW_REGIONS; i++) {
		for (size_t at = made_eow_edges[i]; at < made_eow_edges[i + 1];
		     at += MADE_EOW_CHUNK, chunk++) {
			size_t end = at + MADE_EOW_CHUNK;

			if (pattern >> (chunk % 64) & 1)
				continue;
			made_decrypt(made, at,
				     end < made_eow_edges[i + 1] ? end : made_eow_edges[i + 1]);
		}
	}
	put_boot(made);
	chunk = 0;
	for (unsigned int i = 0; i < MADE_EOW_REGIONS; i++) {
		put_bitmap(made, i, chunk, pattern);
		zero_plain(made, made_eow_bitmap(i), MADE_EOW_BITMAP_SIZE);
		zero_plain(made, made_eow_bitmap(i) + MADE_EOW_LOG, made_eow_log_size(made));
		chunk += chunk_count(i);
	}
	put_descriptor(made, MADE_EOW_COPY_1);
	put_descriptor(made, MADE_EOW_COPY_2);
	zero_plain(made, MADE_EOW_COPY_1, 1);
	zero_plain(made, MADE_EOW_COPY_2, 1);
	return made;
}
