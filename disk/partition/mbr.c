/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parser of master boot records; mbr.h has the layout. */
#include "disk/partition/mbr.h"

#include "base/cursor.h"

enum {
	ACTIVE = 0x80,
	BOOT_CODE_SIZE = 440,
};

enum mbr_verdict mbr_parse(const uint8_t *data, size_t size, struct mbr *ret_mbr)
{
	struct cursor cursor = cursor_make(data, size);
	struct mbr mbr;

	if (size < MBR_SIZE || data[MBR_SIZE - 2] != 0x55 || data[MBR_SIZE - 1] != 0xaa)
		return MBR_ABSENT;
	cursor_skip(&cursor, BOOT_CODE_SIZE);
	mbr.disk_signature = cursor_le32(&cursor);
	cursor_skip(&cursor, 2);
	for (size_t i = 0; i < MBR_ENTRIES; i++) {
		struct mbr_entry *entry = &mbr.entries[i];
		uint8_t active = cursor_u8(&cursor);

		if (active != 0 && active != ACTIVE)
			return MBR_NOT_A_TABLE;
		cursor_skip(&cursor, 3);
		entry->type = cursor_u8(&cursor);
		cursor_skip(&cursor, 3);
		entry->start = cursor_le32(&cursor);
		entry->sectors = cursor_le32(&cursor);
		if (entry->sectors == 0)
			entry->type = MBR_TYPE_EMPTY;
	}
	*ret_mbr = mbr;
	return MBR_TABLE;
}

bool mbr_is_extended(uint8_t type)
{
	return type == MBR_TYPE_EXTENDED || type == MBR_TYPE_EXTENDED_LBA ||
	       type == MBR_TYPE_EXTENDED_LINUX;
}

unsigned int mbr_count_ordinary(const struct mbr *mbr)
{
	unsigned int count = 0;

	for (size_t i = 0; i < MBR_ENTRIES; i++) {
		uint8_t type = mbr->entries[i].type;

		count += type != MBR_TYPE_EMPTY && type != MBR_TYPE_PROTECTIVE;
	}
	return count;
}

const struct mbr_entry *mbr_protective(const struct mbr *mbr)
{
	for (size_t i = 0; i < MBR_ENTRIES; i++) {
		if (mbr->entries[i].type == MBR_TYPE_PROTECTIVE)
			return &mbr->entries[i];
	}
	return NULL;
}
