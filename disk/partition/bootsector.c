/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recognition of volumes by their first sector; bootsector.h has the layout. */
#include "disk/partition/bootsector.h"

#include <stdbool.h>
#include <string.h>

#include "base/checked.h"
#include "base/cursor.h"

static bool power_of_two(uint32_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static bool is_fat(struct cursor cursor)
{
	const uint8_t *jump = cursor_bytes(&cursor, 3);
	uint32_t sector_size;
	uint32_t cluster;
	uint32_t reserved;
	uint32_t fats;
	uint32_t sectors;
	uint32_t medium;
	uint32_t fat_sectors;

	cursor_skip(&cursor, 8); /* any name */
	sector_size = cursor_le16(&cursor);
	cluster = cursor_u8(&cursor);
	reserved = cursor_le16(&cursor);
	fats = cursor_u8(&cursor);
	cursor_skip(&cursor, 2); /* root entries */
	sectors = cursor_le16(&cursor);
	medium = cursor_u8(&cursor);
	fat_sectors = cursor_le16(&cursor);
	cursor_skip(&cursor, 8); /* geometry, hidden sectors */
	sectors |= cursor_le32(&cursor);
	fat_sectors |= cursor_le32(&cursor);
	if (cursor.bad || !jump)
		return false;
	if (jump[0] != 0xe9 && !(jump[0] == 0xeb && jump[2] == 0x90))
		return false;
	return power_of_two(sector_size) && sector_size >= 512 && sector_size <= 4096 &&
	       power_of_two(cluster) && reserved != 0 && (fats == 1 || fats == 2) && sectors != 0 &&
	       (medium == 0xf0 || medium >= 0xf8) && fat_sectors != 0;
}

enum bootsector bootsector_recognise(const uint8_t *data, size_t size)
{
	static const struct {
		char name[8];
		enum bootsector kind;
	} known[] = {
		{{'-', 'F', 'V', 'E', '-', 'F', 'S', '-'}, BOOTSECTOR_BITLOCKER},
		{{'N', 'T', 'F', 'S', ' ', ' ', ' ', ' '}, BOOTSECTOR_NTFS},
		{{'E', 'X', 'F', 'A', 'T', ' ', ' ', ' '}, BOOTSECTOR_EXFAT},
		{{'R', 'e', 'F', 'S', 0, 0, 0, 0}, BOOTSECTOR_REFS},
	};

	if (size < BOOTSECTOR_SIZE)
		return BOOTSECTOR_NONE;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (memcmp(data + 3, known[i].name, sizeof(known[i].name)) == 0)
			return known[i].kind;
	}
	return is_fat(cursor_make(data, size)) ? BOOTSECTOR_FAT : BOOTSECTOR_NONE;
}

static struct cursor at(const uint8_t *data, size_t size, size_t offset)
{
	return cursor_make(data + offset, size - offset);
}

static uint64_t product(uint64_t sectors, uint64_t sector_size)
{
	uint64_t bytes;

	if (sectors == 0 || !power_of_two((uint32_t)sector_size) || sector_size < 256 ||
	    sector_size > 4096 || !checked_mul(sectors, sector_size, &bytes))
		return 0;
	return bytes;
}

uint64_t bootsector_volume_size(const uint8_t *data, size_t size)
{
	enum bootsector kind = bootsector_recognise(data, size);
	struct cursor cursor;
	uint64_t sectors;
	uint8_t shift;

	if (kind == BOOTSECTOR_NTFS) {
		cursor = at(data, size, 40);
		sectors = cursor_le64(&cursor);
		cursor = at(data, size, 11);
		return product(sectors < UINT64_MAX ? sectors + 1 : 0, cursor_le16(&cursor));
	}
	if (kind == BOOTSECTOR_EXFAT) {
		cursor = at(data, size, 72);
		sectors = cursor_le64(&cursor);
		cursor = at(data, size, 108);
		shift = cursor_u8(&cursor);
		return shift < 16 ? product(sectors, UINT64_C(1) << shift) : 0;
	}
	if (kind == BOOTSECTOR_FAT) {
		cursor = at(data, size, 19);
		sectors = cursor_le16(&cursor);
		cursor = at(data, size, 32);
		sectors = sectors ? sectors : cursor_le32(&cursor);
		cursor = at(data, size, 11);
		return product(sectors, cursor_le16(&cursor));
	}
	return 0;
}
