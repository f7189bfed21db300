/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names for what bootsector.c recognises. */
#include "disk/filesystem.h"

#include "disk/bootsector.h"

const char *filesystem_name(struct source *volume)
{
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
	return "unknown";
}
