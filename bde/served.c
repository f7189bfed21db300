/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is recognised but not served, and how to say so. */
#include "bde/metadata.h"

#include <errno.h>

int metadata_check_version(const struct bde_metadata *metadata, struct err *err)
{
	if (metadata->info.version == 2)
		return 0;
	return err_set(err, ERR_DISK, ENOTSUP, "%s is not supported",
		       "the BitLocker format of Windows Vista (version 1)");
}

/* Without all of the bitmaps only a part of the volume is known, and only who asks for that gets
 * it. */
static int check_bitmaps(const struct bde_metadata *metadata, unsigned int flags, struct err *err)
{
	const struct eow_map *map = metadata->eow;
	int result;

	if (flags & BDE_SALVAGE || (map && map->lost == 0))
		return 0;
	if (map) {
		result = err_set(err, ERR_DISK, ENOTSUP,
				 "%u of %u EOW bitmaps are lost, so which parts of the volume are "
				 "encrypted is not known",
				 map->lost, map->count);
	} else {
		*err = metadata->eow_failed;
		result = -ENOTSUP;
	}
	err_hint(err, "--salvage serves what is known; look for another image of this disk");
	return result;
}

/*
 * The boot sector alone is not vouched for by any hash. With the one of another time or volume in
 * its place, what a bitmap calls plaintext would be decrypted.
 */
static int check_kind(const struct bde_metadata *metadata, unsigned int flags, struct err *err)
{
	int result;

	if (metadata->boot.kind != BOOT_NORMAL || metadata->block.eow != BLOCK_EOW_YES ||
	    flags & BDE_SALVAGE)
		return 0;
	result = err_set(err, ERR_DISK, ENOTSUP,
			 "the metadata says that an EOW bitmap tells which parts of the volume are "
			 "encrypted, and the boot sector that there is none");
	err_hint(err, "the boot sector is another volume's or an older one: look for another image "
		      "of this disk; --salvage believes it");
	return result;
}

static int check_state(const struct bde_metadata *metadata, unsigned int flags, struct err *err)
{
	const struct bde_info *info = &metadata->info;
	int result;

	if (info->conversion == BDE_CONVERSION_BITMAP)
		return check_bitmaps(metadata, flags, err);
	if (metadata->boot.kind == BOOT_UNKNOWN)
		return err_set(err, ERR_DISK, ENOTSUP,
			       "a BitLocker volume of kind %s is not supported",
			       guid_format(&metadata->boot.guid).text);
	result = check_kind(metadata, flags, err);
	if (result < 0)
		return result;
	if (info->state != BDE_STATE_OTHER)
		return 0;
	result = err_set(
		err, ERR_DISK, ENOTSUP,
		"a volume in conversion state %u (next %u, %u bytes under way) is not known, "
		"nor which parts of it are encrypted",
		info->state_current, info->state_next, info->conversion_size);
	err_hint(err, "let Windows finish the conversion (manage-bde -resume), then try again");
	return result;
}

int metadata_check_served(const struct bde_metadata *metadata, unsigned int flags, struct err *err)
{
	const struct bde_info *info = &metadata->info;
	int result = metadata_check_version(metadata, err);

	if (result == 0)
		result = check_state(metadata, flags, err);
	if (result < 0)
		return result;
	if (info->header_size == 0)
		return err_set(err, ERR_DISK, ENOTSUP,
			       "the metadata does not say where the volume's header was moved");
	if (info->state == BDE_STATE_DECRYPTED)
		return 0;
	if (method_fvek_size(info->method) == 0)
		return err_set(err, ERR_DISK, ENOTSUP, "encryption method 0x%04x is not known",
			       info->method);
	return 0;
}
