/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of EOW's structures, little endian, as on a volume of Windows 10:
 *
 * descriptor, twice
 *    0  "FVE-EOW\0", u16 56, u16 size (56 + 8n), u32 sector, u32 physical sector, u32 chunk,
 *   24  u32 size of a log, u32 size of a log entry, u32 n, u32 CRC-32 of all with 0 here,
 *   40  u64 offsets of both copies, n times u64 offset of a bitmap
 * bitmap
 *    0  "FVE-EOWBM\0", u16 60, u32 size with its records, u32 number of the region,
 *   20  u64 offset and u64 size of the region, u64 offset of its log,
 *   44  u32 offsets of both records, u32 size of one, u32 CRC-32 up to the first with 0 here
 * record, two in a bitmap
 *    0  "FVE-EOWBR\0", u16 36, u32 size, u32 bits, u64 sequence, u32 flags: 0 in the first ever
 *   32  u32 CRC-32 of size bytes with 0 here, the bits, to whole words: 1 after the last
 * log: header, two entries, the header again
 *    0  "OLRDHEVF", u16 50, u16 1, u16 2, u32 sector, u64 volume, u32 chunk, u32 size of an entry,
 *   34  u32 bytes of a chunk for one in the log, u32 2 entries, u64 offset of the region
 * log entry: header, body, the header again (once it was used)
 *    0  u16 32, u16 1, u64 sequence, u64 chunk or 0 for idle, u32 size of the body, u32 its CRC-32,
 *   28  u32 CRC-32 of the 28 bytes before
 *       the body: the first 16 bytes of ciphertext of each sector of the chunk
 */
#include <stdlib.h>
#include <string.h>

#include "tests/mkade/bde/eow.h"
#include "tests/mkade/util.h"

#define DESCRIPTOR_HEADER 56u
#define DESCRIPTOR_CRC	  36u
#define BITMAP_HEADER	  60u
#define BITMAP_CRC	  56u
#define RECORD_HEADER	  36u
#define RECORD_CRC	  32u
#define LOG_HEADER	  50u
#define ENTRY_HEADER	  32u
#define ENTRY_CRC	  28u
#define CRC_DAMAGE	  0xffffffffu

const uint8_t eow_signature[8] = "FVE-EOW";
const uint8_t eow_bitmap_signature[10] = "FVE-EOWBM";
const uint8_t eow_record_signature[10] = "FVE-EOWBR";
const uint8_t eow_log_signature[8] = {'O', 'L', 'R', 'D', 'H', 'E', 'V', 'F'};

static bool fix(uint8_t *p, size_t size, size_t covered, size_t at)
{
	if (covered > size || at + 4 > covered)
		return false;
	put32(p + at, 0);
	put32(p + at, crc32_of(0, p, covered));
	return true;
}

bool eow_fix_descriptor(uint8_t *p, size_t size)
{
	return size >= DESCRIPTOR_HEADER && fix(p, size, get16(p + 10), DESCRIPTOR_CRC);
}

bool eow_fix_bitmap(uint8_t *p, size_t size)
{
	return size >= BITMAP_HEADER && fix(p, size, get32(p + 44), BITMAP_CRC);
}

bool eow_fix_record(uint8_t *p, size_t size)
{
	return size >= RECORD_HEADER && fix(p, size, get32(p + 12), RECORD_CRC);
}

bool eow_fix_entry(uint8_t *header, const uint8_t *body, size_t body_size)
{
	uint32_t n = get32(header + 20);

	if (n > body_size)
		return false;
	put32(header + 24, crc32_of(0, body, n));
	put32(header + ENTRY_CRC, crc32_of(0, header, ENTRY_CRC));
	return true;
}

static void spoil_if(bool bad, uint8_t *crc)
{
	if (bad)
		put32(crc, get32(crc) ^ CRC_DAMAGE);
}

static void write_descriptors(const struct eow *e, int fd, uint64_t base)
{
	size_t n = round_up(e->descriptor_size, e->sector_size);
	uint8_t *p = xalloc(n);

	for (unsigned int copy = 0; copy < EOW_COPIES; copy++) {
		memcpy(p, eow_signature, sizeof(eow_signature));
		put16(p + 8, DESCRIPTOR_HEADER);
		put16(p + 10, (uint16_t)e->descriptor_size);
		put32(p + 12, e->sector_size);
		put32(p + 16, e->sector_size);
		put32(p + 20, e->chunk);
		put32(p + 24, e->log_size);
		put32(p + 28, e->entry_size);
		put32(p + 32, e->regions);
		for (size_t i = 0; i < EOW_COPIES; i++)
			put64(p + 40 + 8 * i, e->descriptor[i]);
		for (size_t i = 0; i < e->regions; i++)
			put64(p + DESCRIPTOR_HEADER + 8 * i, e->region[i].bitmap);
		eow_fix_descriptor(p, n);
		spoil_if(e->damage & EOW_DESCRIPTOR1 << copy, p + DESCRIPTOR_CRC);
		pwrite_all(fd, p, n, base + e->descriptor[copy]);
	}
	free(p);
}

/* right: the bits as they are; otherwise all the other way round. */
static void fill_record(const struct eow *e, const struct eow_region *r, uint8_t *p,
			uint64_t sequence, bool right)
{
	uint8_t *bits = p + RECORD_HEADER;
	uint64_t words = round_up(r->chunks, 32);

	memcpy(p, eow_record_signature, sizeof(eow_record_signature));
	put16(p + 10, RECORD_HEADER);
	put32(p + 12, e->record_size);
	put32(p + 16, r->chunks);
	put64(p + 20, sequence);
	put32(p + 28, sequence <= 1 ? 0 : 2);
	for (uint64_t i = 0; i < words; i++) {
		bool one = i >= r->chunks || (r->bits[i / 8] >> i % 8 & 1) == right;

		if (one)
			bits[i / 8] |= (uint8_t)(1 << i % 8);
	}
	eow_fix_record(p, e->record_size);
}

/* The newer record is the first of the two in every other region. */
static void write_bitmap(const struct eow *e, uint32_t number, int fd, uint64_t base)
{
	const struct eow_region *r = &e->region[number];
	bool older_counts = r->damage & (EOW_RECORD | EOW_STALE);
	size_t n = e->sector_size + 2 * (size_t)e->record_size;
	uint8_t *p = xalloc(n), *first = p + e->sector_size, *second = first + e->record_size;
	uint8_t *newer = number % 2 ? second : first, *older = number % 2 ? first : second;

	memcpy(p, eow_bitmap_signature, sizeof(eow_bitmap_signature));
	put16(p + 10, BITMAP_HEADER);
	put32(p + 12, (uint32_t)n);
	put32(p + 16, number);
	put64(p + 20, r->range.offset);
	put64(p + 28, r->range.size);
	put64(p + 36, r->log);
	put32(p + 44, e->sector_size);
	put32(p + 48, e->sector_size + e->record_size);
	put32(p + 52, e->record_size);
	eow_fix_bitmap(p, n);
	spoil_if(r->damage & EOW_BITMAP, p + BITMAP_CRC);
	fill_record(e, r, newer, r->sequence, !older_counts);
	fill_record(e, r, older, r->sequence - 1, older_counts);
	spoil_if(older_counts || r->damage & EOW_RECORDS, newer + RECORD_CRC);
	spoil_if(r->damage & EOW_RECORDS, older + RECORD_CRC);
	pwrite_all(fd, p, n, base + r->bitmap);
	free(p);
}

static void fill_log_header(const struct eow *e, const struct eow_region *r, uint8_t *p)
{
	memcpy(p, eow_log_signature, sizeof(eow_log_signature));
	put16(p + 8, LOG_HEADER);
	put16(p + 10, 1);
	put16(p + 12, 2);
	put32(p + 14, e->sector_size);
	put64(p + 18, e->volume_size);
	put32(p + 26, e->chunk);
	put32(p + 30, e->entry_size);
	put32(p + 34, e->sector_size / EOW_ENTRY_LEN);
	put32(p + 38, 2);
	put64(p + 42, r->range.offset);
}

struct log_body {
	eow_ciphertext_fn *ciphertext;
	void *arg;
};

static void fill_body(const struct eow *e, const struct eow_region *r, uint64_t chunk,
		      const struct log_body *from, uint8_t *ret_body)
{
	uint64_t n = eow_chunk_size(e, r, chunk);
	uint8_t *sector = xalloc(e->sector_size);

	for (uint64_t at = 0; at < n; at += e->sector_size, ret_body += EOW_ENTRY_LEN) {
		from->ciphertext(from->arg, sector, e->sector_size, chunk + at);
		memcpy(ret_body, sector, EOW_ENTRY_LEN);
	}
	free(sector);
}

/* chunk: 0 for an idle entry. Only used entries have the header again after the body. */
static void fill_entry(const struct eow *e, const struct eow_region *r, uint8_t *p,
		       uint64_t sequence, uint64_t chunk, const struct log_body *from)
{
	uint64_t covers = chunk ? eow_chunk_size(e, r, chunk) : e->chunk;
	uint8_t *body = p + e->sector_size, *again = p + e->entry_size - e->sector_size;

	put16(p, ENTRY_HEADER);
	put16(p + 2, 1);
	put64(p + 4, sequence);
	put64(p + 12, chunk);
	put32(p + 20, (uint32_t)(covers / e->sector_size * EOW_ENTRY_LEN));
	if (chunk)
		fill_body(e, r, chunk, from, body);
	eow_fix_entry(p, body, e->entry_size - 2 * e->sector_size);
	spoil_if(r->damage & EOW_LOG, p + ENTRY_CRC);
	if (sequence)
		memcpy(again, p, e->sector_size);
}

static void write_log(const struct eow *e, const struct eow_region *r, int fd, uint64_t base,
		      const struct log_body *from)
{
	uint8_t *p = xalloc(e->log_size), *first = p + e->sector_size;
	uint8_t *second = first + e->entry_size, *end = second + e->entry_size;

	fill_log_header(e, r, p);
	memcpy(end, p, e->sector_size);
	if (r->interrupted) {
		fill_entry(e, r, first, r->sequence + 1, 0, from);
		fill_entry(e, r, second, r->sequence + 2, r->interrupted, from);
	} else if (r->converted) {
		fill_entry(e, r, first, r->sequence + 2, 0, from);
		fill_entry(e, r, second, r->sequence + 1, r->converted, from);
	} else {
		fill_entry(e, r, first, 0, 0, from);
		fill_entry(e, r, second, 0, 0, from);
	}
	pwrite_all(fd, p, e->log_size, base + r->log);
	free(p);
}

void eow_write(const struct eow *e, int fd, uint64_t base, eow_ciphertext_fn *ciphertext, void *arg)
{
	struct log_body from = {ciphertext, arg};

	write_descriptors(e, fd, base);
	for (uint32_t i = 0; i < e->regions; i++) {
		write_bitmap(e, i, fd, base);
		write_log(e, &e->region[i], fd, base, &from);
	}
}
