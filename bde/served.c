/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is recognised but not served, and how to say so. */
#include "bde/metadata.h"

#include <errno.h>

#include "bde/sector.h"

static int refuse(struct err *err, const char *what)
{
	return err_set(err, ERR_DISK, ENOTSUP, "%s is not supported", what);
}

int metadata_check_version(const struct bde_metadata *metadata, struct err *err)
{
	if (metadata->info.version == 2)
		return 0;
	return refuse(err, "the BitLocker format of Windows Vista (version 1)");
}

static int check_state(const struct bde_metadata *metadata, struct err *err)
{
	const struct bde_info *info = &metadata->info;
	int rc;

	if (metadata->boot.kind == BOOT_EOW) {
		rc = refuse(err, "a volume that is encrypted in part (used space only, or a paused "
				 "conversion of Windows 8 and later)");
	} else if (metadata->boot.kind == BOOT_UNKNOWN) {
		return err_set(err, ERR_DISK, ENOTSUP,
			       "a BitLocker volume of kind %s is not supported",
			       guid_format(&metadata->boot.guid).text);
	} else if (info->state == BDE_STATE_OTHER) {
		rc = err_set(
			err, ERR_DISK, ENOTSUP,
			"a volume in conversion (state %u, next %u, %u bytes under way) is not "
			"supported",
			info->state_current, info->state_next, metadata->block.conversion_size);
	} else {
		return 0;
	}
	err_hint(err, "let Windows finish the conversion (manage-bde -resume), then try again");
	return rc;
}

int metadata_check_served(const struct bde_metadata *metadata, struct err *err)
{
	const struct bde_info *info = &metadata->info;
	int rc = metadata_check_version(metadata, err);

	if (rc == 0)
		rc = check_state(metadata, err);
	if (rc < 0)
		return rc;
	if (info->header_size == 0)
		return err_set(err, ERR_DISK, ENOTSUP,
			       "the metadata does not say where the volume's header was moved");
	if (info->state == BDE_STATE_DECRYPTED)
		return 0;
	if (sector_key_size(info->method) == 0)
		return err_set(err, ERR_DISK, ENOTSUP, "encryption method 0x%04x is not known",
			       info->method);
	return 0;
}
