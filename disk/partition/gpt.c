/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsers of GPT headers and entries; gpt.h has the layout. */
#include "disk/partition/gpt.h"

#include <string.h>

#include "base/crc32.h"

enum {
	CRC_OFFSET = 16,
};

static bool sizes_possible(const struct gpt_header *header)
{
	uint32_t size = header->entry_size;

	if (size < GPT_ENTRY_MIN || size > GPT_ENTRY_MAX || (size & (size - 1)) != 0)
		return false;
	return header->entry_count != 0 && header->entry_count <= GPT_ARRAY_MAX / size;
}

bool gpt_header_parse(const uint8_t *data, size_t size, struct gpt_header *ret_header)
{
	struct cursor cursor = cursor_make(data, size);
	struct gpt_header header = {0};
	uint32_t header_size;
	uint32_t crc;

	if (size < GPT_HEADER_MIN || memcmp(data, "EFI PART", 8) != 0)
		return false;
	cursor_skip(&cursor, 12); /* signature and revision: there is only one */
	header_size = cursor_le32(&cursor);
	crc = cursor_le32(&cursor);
	cursor_skip(&cursor, 4);
	header.sector = cursor_le64(&cursor);
	header.alternate = cursor_le64(&cursor);
	cursor_skip(&cursor, 16); /* usable sectors: others can be read too */
	header.disk_id = guid_read(&cursor);
	header.entries_sector = cursor_le64(&cursor);
	header.entry_count = cursor_le32(&cursor);
	header.entry_size = cursor_le32(&cursor);
	header.entries_crc = cursor_le32(&cursor);
	if (cursor.bad || header_size < GPT_HEADER_MIN || header_size > size ||
	    !sizes_possible(&header))
		return false;
	header.crc_good = crc32_compute_without(data, header_size, CRC_OFFSET) == crc;
	*ret_header = header;
	return true;
}

size_t gpt_array_size(const struct gpt_header *header)
{
	return (size_t)header->entry_count * header->entry_size;
}

bool gpt_entry_parse(const uint8_t *data, size_t size, struct gpt_entry *ret_entry)
{
	struct cursor cursor = cursor_make(data, size);
	struct gpt_entry entry;

	entry.type = guid_read(&cursor);
	entry.id = guid_read(&cursor);
	entry.first = cursor_le64(&cursor);
	entry.last = cursor_le64(&cursor);
	cursor_skip(&cursor, 8); /* attributes */
	entry.name = cursor_bytes(&cursor, GPT_NAME_SIZE);
	if (cursor.bad || guid_is_zero(&entry.type))
		return false;
	*ret_entry = entry;
	return true;
}
