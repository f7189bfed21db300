/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names for what bootsector.c recognises. */
#include "disk/partition/filesystem.h"

#include <string.h>

#include "base/checked.h"
#include "base/cursor.h"
#include "disk/partition/bootsector.h"

/* Those that do not use the first sector, or have no Windows boot sector there. */
static const struct {
	const char *name;
	uint64_t offset;
	const char *mark;
	size_t size;
} foreign[] = {
	{"ext", 1080, "\x53\xef", 2},	 {"xfs", 0, "XFSB", 4},
	{"btrfs", 65600, "_BHRfS_M", 8}, {"luks", 0, "LUKS\xba\xbe", 6},
	{"lvm", 512, "LABELONE", 8},
};

static const char *foreign_name(struct source *volume)
{
	char bytes[8];

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (source_pread(volume, bytes, foreign[i].size, foreign[i].offset) == 0 &&
		    memcmp(bytes, foreign[i].mark, foreign[i].size) == 0)
			return foreign[i].name;
	}
	return NULL;
}

/* NTFS: a record of the file table begins with FILE, a damaged one with BAAD. */
static bool has_file_table(struct source *volume, const uint8_t sector[BOOTSECTOR_SIZE])
{
	struct cursor cursor = cursor_make(sector + 11, 3);
	uint64_t cluster_size = cursor_le16(&cursor);
	uint8_t per_cluster = cursor_u8(&cursor);
	uint64_t offset;
	char bytes[4];

	/* above 128 it is a negative power of two: clusters of 256 sectors and more */
	cluster_size *= per_cluster <= 128 ? per_cluster : UINT64_C(1) << (256 - per_cluster);
	cursor = cursor_make(sector + 48, 8);
	if (!checked_mul(cursor_le64(&cursor), cluster_size, &offset) ||
	    source_pread(volume, bytes, sizeof(bytes), offset) < 0)
		return false;
	return memcmp(bytes, "FILE", 4) == 0 || memcmp(bytes, "BAAD", 4) == 0;
}

bool filesystem_is_sound(struct source *volume)
{
	uint8_t sector[BOOTSECTOR_SIZE];

	if (source_pread(volume, sector, sizeof(sector), 0) < 0)
		return false;
	switch (bootsector_recognise(sector, sizeof(sector))) {
	case BOOTSECTOR_NTFS:
		return has_file_table(volume, sector);
	case BOOTSECTOR_EXFAT:
	case BOOTSECTOR_REFS:
	case BOOTSECTOR_FAT:
		return true;
	case BOOTSECTOR_BITLOCKER:
	case BOOTSECTOR_NONE:
		break;
	}
	return foreign_name(volume) != NULL;
}

const char *filesystem_name(struct source *volume)
{
	const char *name = foreign_name(volume);
	uint8_t sector[BOOTSECTOR_SIZE];

	if (source_pread(volume, sector, sizeof(sector), 0) < 0)
		return "unknown";
	switch (bootsector_recognise(sector, sizeof(sector))) {
	case BOOTSECTOR_NTFS:
		return "ntfs";
	case BOOTSECTOR_EXFAT:
		return "exfat";
	case BOOTSECTOR_REFS:
		return "refs";
	case BOOTSECTOR_FAT:
		return "fat";
	case BOOTSECTOR_BITLOCKER:
	case BOOTSECTOR_NONE:
		break;
	}
	return name ? name : "unknown";
}
