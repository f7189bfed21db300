/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metadata block, little-endian:
 *
 *   0    "-FVE-FS-"
 *   8    u16 size: of block header, metadata header and datums; version 2 in units of 16 bytes
 *   10   u16 version of the block: 1 Vista, 2 Windows 7 and later
 *   12   u16 current state, u16 next state
 *   16   version 2: u64 encrypted size (a watermark), u32 conversion size, u32 sectors of the
 *        volume's header that was moved
 *   32   3 u64 offsets of the copies
 *   56   version 2: u64 where the volume's header was moved
 *   64   metadata header: u32 size with datums, u32 version, u32 header size, u32 size again, GUID
 *        of the volume, u32 next nonce, u16 method, u16, u64 creation time
 *   112  datums
 *   size validation: u16 size, u16 version, u32 CRC-32 over [0, size), AES-CCM datum with the
 *        SHA-256 over the same
 *
 * The CRC finds accidental damage: a copy that fails it is skipped. The hash finds intended
 * changes, and can be checked only with the VMK.
 *
 * Of the Vista format, only the fields that it shares with version 2 are read: enough to show what
 * the volume is. Its validation is not described publicly and is not checked.
 */
#include "bde/format/block.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/crc32.h"
#include "bde/format/damage.h"

enum {
	HEADER_SIZE = 64,
	META_HEADER_SIZE = 48,
	META_VERSION = 1,
	UNIT = 16, /* of the size, version 2 */
	VALIDATION_HEADER_SIZE = 8,
	EXTENSION_SIZE = 76, /* of the place datum */
	FLAG_EOW = 0x100,
};

static const char signature[8] = {'-', 'F', 'V', 'E', '-', 'F', 'S', '-'};

/* Block header; leaves the cursor at the metadata header. */
static int parse_header(struct cursor *cursor, uint32_t sector_size, struct block *block,
			struct err *err)
{
	const uint8_t *mark = cursor_bytes(cursor, sizeof(signature));
	uint32_t header_sectors;
	uint64_t size;

	if (!mark || memcmp(mark, signature, sizeof(signature)) != 0)
		return err_set(err, ERR_DISK, EINVAL, "no metadata signature");
	size = cursor_le16(cursor);
	block->version = cursor_le16(cursor);
	block->state_current = cursor_le16(cursor);
	block->state_next = cursor_le16(cursor);
	block->encrypted_size = cursor_le64(cursor);
	block->conversion_size = cursor_le32(cursor);
	header_sectors = cursor_le32(cursor);
	for (unsigned int i = 0; i < BLOCK_COPIES; i++)
		block->offsets[i] = cursor_le64(cursor);
	block->header_offset = cursor_le64(cursor);
	block->header_size = (uint64_t)header_sectors * sector_size;
	if (cursor->bad)
		return err_set(err, ERR_DISK, EINVAL, "cut off");
	if (block->version != 1 && block->version != 2)
		return err_set(err, ERR_DISK, ENOTSUP, "metadata version %u is not known",
			       block->version);
	block->size = (size_t)(block->version == 2 ? size * UNIT : size);
	if (block->version == 1) { /* other fields in these places */
		block->encrypted_size = 0;
		block->conversion_size = 0;
		block->header_offset = 0;
		block->header_size = 0;
	}
	return 0;
}

static int check_crc(const uint8_t *data, size_t size, struct block *block, struct err *err)
{
	struct cursor cursor = cursor_make(data, size);
	struct datum datum;
	uint32_t stored;
	uint32_t computed;

	cursor_skip(&cursor, block->size);
	cursor_skip(&cursor, VALIDATION_HEADER_SIZE - sizeof(stored)); /* size, version */
	stored = cursor_le32(&cursor);
	if (cursor.bad || block->size < HEADER_SIZE + META_HEADER_SIZE)
		return damage_value(err, "the size of the metadata", block->size);
	computed = crc32_compute(data, block->size);
	if (computed != stored)
		return damage_checksum(err, computed, stored);
	if (datum_next(&cursor, &datum) > 0 && datum.type == DATUM_CCM)
		(void)datum_read_ccm(&datum, &block->hash);
	return 0;
}

/* Metadata header; cuts `datums` out of the rest of the block. */
static int parse_meta(struct cursor *cursor, struct block *block, struct err *err)
{
	uint32_t size = cursor_le32(cursor);
	uint32_t version = cursor_le32(cursor);
	uint32_t header_size = cursor_le32(cursor);

	cursor_skip(cursor, 4); /* size again */
	block->volume_id = guid_read(cursor);
	cursor_skip(cursor, 4); /* next nonce */
	block->method = cursor_le16(cursor);
	cursor_skip(cursor, 2);
	block->created = cursor_le64(cursor);
	if (cursor->bad)
		return err_set(err, ERR_DISK, EINVAL, "cut off");
	if (version != META_VERSION)
		return err_set(err, ERR_DISK, ENOTSUP, "metadata header version %u is not known",
			       version);
	if (header_size != META_HEADER_SIZE)
		return damage_value(err, "the size of the metadata header", header_size);
	if (size < META_HEADER_SIZE || size - META_HEADER_SIZE > cursor->left)
		return damage_value(err, "the size of the datums", size);
	block->datums = cursor_sub(cursor, size - META_HEADER_SIZE);
	return 0;
}

/*
 * After offset and size, Windows 8 and later have: u16 5, u16 size from here on (76), u32, u32
 * flags. Bit 8 of the flags was set on the two encrypt-on-write volumes that were examined, and
 * clear on the eight others. Only a volume whose boot sector is gone depends on it.
 */
static enum block_eow says_eow(struct cursor rest)
{
	uint16_t size;
	uint32_t flags;

	cursor_skip(&rest, 2);
	size = cursor_le16(&rest);
	cursor_skip(&rest, 4);
	flags = cursor_le32(&rest);
	if (rest.bad || size < EXTENSION_SIZE)
		return BLOCK_EOW_UNSAID;
	return flags & FLAG_EOW ? BLOCK_EOW_YES : BLOCK_EOW_NO;
}

/*
 * The datum and the block header both say where the header was moved; where both are set, they must
 * agree.
 */
static int take_place(const struct datum *datum, struct block *block, struct err *err)
{
	struct cursor body = datum->body;
	uint64_t offset = cursor_le64(&body);
	uint64_t size = cursor_le64(&body);

	if (body.bad || block->version != 2)
		return 0;
	block->eow = says_eow(body);
	if (block->header_offset == 0)
		block->header_offset = offset;
	if (block->header_size == 0)
		block->header_size = size;
	if (block->header_offset != offset || block->header_size != size)
		return err_set(err, ERR_DISK, EINVAL,
			       "it places the moved volume header at %" PRIu64 " (%" PRIu64
			       " bytes) and at "
			       "%" PRIu64 " (%" PRIu64 " bytes)",
			       block->header_offset, block->header_size, offset, size);
	return 0;
}

static int walk_datums(struct block *block, struct err *err)
{
	struct cursor list = block->datums;
	struct datum datum;
	int result;

	while ((result = datum_next(&list, &datum)) > 0) {
		int place = 0;

		if (datum.role == DATUM_ROLE_FVEK && datum.type == DATUM_CCM &&
		    block->fvek.size == 0)
			(void)datum_read_ccm(&datum, &block->fvek);
		else if (datum.role == DATUM_ROLE_DESCRIPTION && datum.type == DATUM_TEXT)
			block->text_utf16 = datum.body;
		else if (datum.role == DATUM_ROLE_HEADER_PLACE && datum.type == DATUM_PLACE)
			place = take_place(&datum, block, err);
		if (place < 0)
			return place;
	}
	if (result < 0)
		return err_set(err, ERR_DISK, EINVAL, "the list of datums is damaged");
	return 0;
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* Check every offset that reading depends on. They may be past the end of a truncated image. */
static int check_places(const struct block *block, uint32_t sector_size, struct err *err)
{
	uint64_t end;

	if (block->header_size % sector_size != 0)
		return damage_value(err, "the size of the volume's header", block->header_size);
	if (block->header_offset % sector_size != 0)
		return damage_value(err, "the place of the volume's header", block->header_offset);
	if ((block->header_offset == 0) != (block->header_size == 0))
		return err_set(err, ERR_DISK, EINVAL,
			       "the volume's header has no place or no size");
	if (!checked_within(block->header_offset, block->header_size, INT64_MAX))
		return damage_value(err, "the place of the volume's header", block->header_offset);
	if (overlap(0, block->header_size, block->header_offset, block->header_size))
		return damage_value(err, "the place of the volume's header", block->header_offset);
	for (unsigned int i = 0; i < BLOCK_COPIES; i++) {
		uint64_t offset = block->offsets[i];

		if (offset == 0 || offset % sector_size != 0 ||
		    !checked_add(offset, BLOCK_SIZE, &end) || end > INT64_MAX)
			return damage_value(err, "the place of a metadata copy", offset);
		if (overlap(offset, BLOCK_SIZE, 0, block->header_size) ||
		    overlap(offset, BLOCK_SIZE, block->header_offset, block->header_size))
			return err_set(err, ERR_DISK, EINVAL,
				       "the metadata copy at %" PRIu64
				       " overlaps the volume's header",
				       offset);
	}
	return 0;
}

int block_parse(const uint8_t *data, size_t size, uint32_t sector_size, struct block *ret_block,
		struct err *err)
{
	struct block block = {0};
	struct cursor cursor = cursor_make(data, size);
	int result = parse_header(&cursor, sector_size, &block, err);

	if (result == 0 && block.version == 2) {
		result = check_crc(data, size, &block, err);
		cursor = cursor_make(data, result == 0 ? block.size : 0);
		cursor_skip(&cursor, HEADER_SIZE);
	}
	if (result == 0)
		result = parse_meta(&cursor, &block, err);
	if (result == 0)
		result = walk_datums(&block, err);
	if (result == 0 && block.version == 2)
		result = check_places(&block, sector_size, err);
	if (result == 0)
		*ret_block = block;
	return result;
}

bool block_names_place(const struct block *block, uint64_t offset)
{
	for (unsigned int i = 0; i < BLOCK_COPIES; i++) {
		if (block->offsets[i] == offset)
			return true;
	}
	return false;
}
