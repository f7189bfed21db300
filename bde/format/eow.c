/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layouts, little-endian. Found on a real volume whose decryption was paused; fields that are not
 * named here are not understood, and ignored.
 *
 * Descriptor, two identical copies, both of which the boot sector places:
 *
 *   0    "FVE-EOW\0"
 *   8    u16 header size 56, u16 size with the offsets
 *   12   u32 logical, u32 physical sector size
 *   20   u32 chunk size, u32 log size, u32 log entry size
 *   32   u32 number of bitmaps
 *   36   u32 CRC-32 over [0, size) with this field zero
 *   40   2 u64 offsets of both copies
 *   56   u64 offsets of the bitmaps
 *
 * Bitmap, one for a region of the volume; its two records follow within its size:
 *
 *   0    "FVE-EOWBM\0", u16 header size 60, u32 size
 *   16   u32 index, u64 region offset, u64 region size, u64 log offset
 *   44   2 u32 offsets of the records, u32 size of a record
 *   56   u32 CRC-32 over [0, first record) with this field zero
 *
 * Record: bit i is the chunk at region offset + i * chunk size, so chunks are counted from the
 * region's start and the last one may be short.
 *
 *   0    "FVE-EOWBR\0", u16 header size 36, u32 size
 *   16   u32 number of bits, u64 sequence number, u32 flags
 *   32   u32 CRC-32 over [0, size) with this field zero
 *   36   bits; those past the number may be set
 *
 * Conversion log: its header is in the first block and again in the last; between them are two
 * entries, written alternately. Windows writes an entry before it converts the chunk, and one
 * without a chunk when the conversion pauses.
 *
 *   log    0  "OLRDHEVF", u16 header size 50, u16, u16, u32 block size, u64 size of the volume,
 *             u32 chunk size, u32 entry size, u32 entry header size, u32 entries, u64 region offset
 *   entry  0  u16 header size 32, u16, u64 log sequence number, u64 chunk, u32 body size,
 *             u32 CRC-32 of the body, u32 CRC-32 over the 28 bytes before
 *             then the body (the first 16 bytes of each sector of the chunk, as ciphertext); the
 *             header again in the entry's last block
 */
#include "bde/format/eow.h"

#include <errno.h>
#include <string.h>

#include "base/crc32.h"
#include "base/cursor.h"
#include "bde/format/damage.h"

enum {
	DESCRIPTOR_HEADER = 56,
	DESCRIPTOR_CRC_AT = 36,
	BITMAP_HEADER = 60,
	BITMAP_CRC_AT = 56,
	RECORD_HEADER = 36,
	RECORD_CRC_AT = 32,
	ENTRY_CRC_AT = 28,
	CHUNK_MAX = 1 << 30,
};

static const char descriptor_mark[8] = "FVE-EOW";
static const char bitmap_mark[10] = "FVE-EOWBM";
static const char record_mark[10] = "FVE-EOWBR";
static const char log_mark[8] = {'O', 'L', 'R', 'D', 'H', 'E', 'V', 'F'};

static bool has_mark(struct cursor *cursor, const char *mark, size_t size)
{
	const uint8_t *bytes = cursor_bytes(cursor, size);

	return bytes && memcmp(bytes, mark, size) == 0;
}

static bool is_sector_size(uint32_t size)
{
	return size == 512 || size == 4096;
}

/* ---------------------------------------------------------------- descriptor */

static int check_descriptor(const struct eow_descriptor *descriptor, struct err *err)
{
	uint32_t sector = descriptor->sector_size;
	uint64_t entries = (uint64_t)EOW_SLOTS * descriptor->log_entry_size;

	if (!is_sector_size(sector))
		return damage_value(err, "the sector size", sector);
	if (descriptor->chunk_size == 0 || descriptor->chunk_size % sector != 0 ||
	    descriptor->chunk_size > CHUNK_MAX)
		return damage_value(err, "the chunk size", descriptor->chunk_size);
	if (descriptor->log_entry_size < 2 * sector || descriptor->log_entry_size % sector != 0)
		return damage_value(err, "the size of a log entry", descriptor->log_entry_size);
	if (descriptor->log_size < entries || descriptor->log_size % sector != 0)
		return damage_value(err, "the size of the log", descriptor->log_size);
	if (descriptor->count == 0)
		return damage_value(err, "the number of bitmaps", 0);
	for (unsigned int i = 0; i < 2; i++) {
		if (descriptor->copies[i] % sector != 0)
			return damage_value(err, "the place of a copy", descriptor->copies[i]);
	}
	return 0;
}

int eow_descriptor_parse(const uint8_t *data, size_t size, struct eow_descriptor *ret_descriptor,
			 struct err *err)
{
	struct eow_descriptor descriptor = {0};
	struct cursor cursor = cursor_make(data, size);
	bool marked = has_mark(&cursor, descriptor_mark, sizeof(descriptor_mark));
	uint16_t header_size = cursor_le16(&cursor);
	uint32_t stored;
	uint32_t computed;
	int result;

	descriptor.size = cursor_le16(&cursor);
	descriptor.sector_size = cursor_le32(&cursor);
	cursor_skip(&cursor, 4); /* physical sector size */
	descriptor.chunk_size = cursor_le32(&cursor);
	descriptor.log_size = cursor_le32(&cursor);
	descriptor.log_entry_size = cursor_le32(&cursor);
	descriptor.count = cursor_le32(&cursor);
	stored = cursor_le32(&cursor);
	for (unsigned int i = 0; i < 2; i++)
		descriptor.copies[i] = cursor_le64(&cursor);
	if (cursor.bad || !marked)
		return err_set(err, ERR_DISK, EINVAL, "there is no descriptor");
	if (header_size != DESCRIPTOR_HEADER)
		return damage_value(err, "the header's size", header_size);
	if (descriptor.size != DESCRIPTOR_HEADER + 8 * (uint64_t)descriptor.count ||
	    descriptor.size > size)
		return damage_value(err, "the size", descriptor.size);
	computed = crc32_compute_without(data, descriptor.size, DESCRIPTOR_CRC_AT);
	if (computed != stored)
		return damage_checksum(err, computed, stored);
	result = check_descriptor(&descriptor, err);
	if (result < 0)
		return result;
	descriptor.offsets = data + DESCRIPTOR_HEADER;
	*ret_descriptor = descriptor;
	return 0;
}

uint64_t eow_bitmap_offset(const struct eow_descriptor *descriptor, uint32_t index)
{
	struct cursor cursor = cursor_make(descriptor->offsets, 8 * (size_t)descriptor->count);

	cursor_skip(&cursor, 8 * (size_t)index);
	return cursor_le64(&cursor);
}

/* -------------------------------------------------------------------- bitmap */

static int check_bitmap(const struct eow_bitmap *bitmap, size_t size, struct err *err)
{
	if (bitmap->size > size || bitmap->size > EOW_BITMAP_MAX)
		return damage_value(err, "the size", bitmap->size);
	if (bitmap->record_size <= RECORD_HEADER || bitmap->record_size > bitmap->size)
		return damage_value(err, "the size of a record", bitmap->record_size);
	for (unsigned int i = 0; i < EOW_RECORDS; i++) {
		uint32_t offset = bitmap->record_offsets[i];

		if (offset < BITMAP_HEADER || offset > bitmap->size - bitmap->record_size)
			return damage_value(err, "the place of a record", offset);
	}
	return 0;
}

int eow_bitmap_parse(const uint8_t *data, size_t size, struct eow_bitmap *ret_bitmap,
		     struct err *err)
{
	struct eow_bitmap bitmap = {0};
	struct cursor cursor = cursor_make(data, size);
	bool marked = has_mark(&cursor, bitmap_mark, sizeof(bitmap_mark));
	uint16_t header_size = cursor_le16(&cursor);
	uint32_t stored;
	uint32_t computed;
	int result;

	bitmap.size = cursor_le32(&cursor);
	bitmap.index = cursor_le32(&cursor);
	bitmap.region_offset = cursor_le64(&cursor);
	bitmap.region_size = cursor_le64(&cursor);
	bitmap.log_offset = cursor_le64(&cursor);
	for (unsigned int i = 0; i < EOW_RECORDS; i++)
		bitmap.record_offsets[i] = cursor_le32(&cursor);
	bitmap.record_size = cursor_le32(&cursor);
	stored = cursor_le32(&cursor);
	if (cursor.bad || !marked)
		return err_set(err, ERR_DISK, EINVAL, "there is no bitmap");
	if (header_size != BITMAP_HEADER)
		return damage_value(err, "the header's size", header_size);
	result = check_bitmap(&bitmap, size, err);
	if (result < 0)
		return result;
	computed = crc32_compute_without(data, bitmap.record_offsets[0], BITMAP_CRC_AT);
	if (computed != stored)
		return damage_checksum(err, computed, stored);
	*ret_bitmap = bitmap;
	return 0;
}

struct eow_record eow_record_parse(const uint8_t *data, const struct eow_bitmap *bitmap,
				   unsigned int index, uint64_t bit_count)
{
	const uint8_t *start = data + bitmap->record_offsets[index];
	struct cursor cursor = cursor_make(start, bitmap->record_size);
	struct eow_record record = {0};
	bool marked = has_mark(&cursor, record_mark, sizeof(record_mark));
	uint16_t header_size = cursor_le16(&cursor);
	uint32_t size = cursor_le32(&cursor);
	uint32_t stored;

	record.bit_count = cursor_le32(&cursor);
	record.sequence = cursor_le64(&cursor);
	cursor_skip(&cursor, 4); /* flags, not understood */
	stored = cursor_le32(&cursor);
	record.bits = cursor.data;
	record.valid = marked && header_size == RECORD_HEADER && size == bitmap->record_size &&
		       record.bit_count == bit_count && bit_count <= 8 * (uint64_t)cursor.left &&
		       crc32_compute_without(start, size, RECORD_CRC_AT) == stored;
	return record;
}

bool eow_bit(const uint8_t *bits, uint64_t index)
{
	return bits[index / 8] >> (index % 8) & 1;
}

/* ----------------------------------------------------------------------- log */

bool eow_log_parse(const uint8_t *data, size_t size, struct eow_log *ret_log)
{
	struct cursor cursor = cursor_make(data, size);
	bool marked = has_mark(&cursor, log_mark, sizeof(log_mark));
	uint16_t header_size = cursor_le16(&cursor);
	struct eow_log log;

	cursor_skip(&cursor, 4);
	log.block_size = cursor_le32(&cursor);
	cursor_skip(&cursor, 12); /* sizes of the volume and of a chunk */
	log.entry_size = cursor_le32(&cursor);
	cursor_skip(&cursor, 8);
	log.region_offset = cursor_le64(&cursor);
	if (cursor.bad || !marked || header_size != EOW_LOG_HEADER_SIZE ||
	    !is_sector_size(log.block_size))
		return false;
	*ret_log = log;
	return true;
}

struct eow_entry eow_entry_parse(const uint8_t *data, size_t size)
{
	struct cursor cursor = cursor_make(data, size);
	struct eow_entry entry = {.blank = true};
	uint16_t header_size = cursor_le16(&cursor);
	uint32_t stored;

	cursor_skip(&cursor, 2);
	entry.lsn = cursor_le64(&cursor);
	entry.chunk = cursor_le64(&cursor);
	cursor_skip(&cursor, 8); /* body's size and CRC */
	stored = cursor_le32(&cursor);
	for (size_t i = 0; i < EOW_ENTRY_HEADER_SIZE && i < size; i++)
		entry.blank = entry.blank && data[i] == 0;
	entry.valid = !cursor.bad && header_size == EOW_ENTRY_HEADER_SIZE &&
		      crc32_compute(data, ENTRY_CRC_AT) == stored;
	return entry;
}
