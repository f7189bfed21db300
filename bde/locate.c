/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a volume to its metadata: where the boot sector says, or by a search; see bde.h. */
#include "bde/bde.h"

#include <errno.h>
#include <inttypes.h>

#include "bde/find.h"
#include "bde/format/boot.h"
#include "bde/metadata.h"

static int read_boot(struct source *volume, uint8_t data[BOOT_SIZE], struct err *err)
{
	int result = source_pread(volume, data, BOOT_SIZE, 0);

	if (result < 0)
		return err_errno(err, ERR_DISK, -result, "cannot read the first sector");
	return 0;
}

int bde_probe(struct source *volume, struct err *err)
{
	uint8_t data[BOOT_SIZE];
	int result;

	if (volume->size < BOOT_SIZE)
		return 0;
	result = read_boot(volume, data, err);
	return result < 0 ? result : boot_is_bitlocker(data);
}

int bde_metadata_find(struct source *volume, unsigned int flags, struct notes *warnings,
		      struct bde_metadata **ret_metadata, struct err *err)
{
	struct boot boot;
	int result = find_boot(volume, flags, warnings, &boot, err);

	if (result < 0)
		return result;
	return metadata_read_at(volume, &boot, true, warnings, ret_metadata, err);
}

int bde_metadata_read(struct source *volume, unsigned int flags, struct notes *warnings,
		      struct bde_metadata **ret_metadata, struct err *err)
{
	struct bde_metadata *metadata CLEANUP(bde_metadata_free) = NULL;
	uint8_t bytes[BOOT_SIZE];
	struct boot boot;
	int result;

	if (volume->size < BOOT_SIZE)
		return err_set(err, ERR_DISK, EINVAL, "not a BitLocker volume: %" PRIu64 " bytes",
			       volume->size);
	result = read_boot(volume, bytes, err);
	if (result < 0)
		return result;
	if (!boot_is_bitlocker(bytes))
		return err_set(err, ERR_DISK, EINVAL, "not a BitLocker volume");
	result = boot_parse(bytes, &boot, err);
	if (result == 0)
		result = metadata_read_at(volume, &boot, false, warnings, &metadata, err);
	if ((flags & BDE_SALVAGE) && result != -ENOMEM &&
	    (result < 0 || boot.kind == BOOT_UNKNOWN)) {
		struct bde_metadata *found = NULL;

		/*
		 * the boot sector may be damaged too; when a search finds nothing, its error stays
		 */
		if (bde_metadata_find(volume, flags, warnings, &found, NULL) == 0) {
			*ret_metadata = found;
			return 0;
		}
	}
	if (result == 0)
		*ret_metadata = TAKE(metadata);
	return result;
}
