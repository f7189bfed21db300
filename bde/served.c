/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to say of each obstacle; bde/state.c finds them. */
#include "bde/served.h"

#include <errno.h>

int served_check_version(const struct bde_metadata *metadata, struct err *err)
{
	if (metadata->info.version == 2)
		return 0;
	return err_set(err, ERR_DISK, ENOTSUP,
		       "the BitLocker format of Windows Vista (version 1) is not supported");
}

/* Without all of the bitmaps only a part of the volume is known; --salvage asks for that. */
static void refuse_bitmaps(const struct bde_metadata *metadata, struct err *err)
{
	const struct eow_map *map = metadata->eow;

	if (map)
		err_set(err, ERR_DISK, ENOTSUP,
			"%u of %u EOW bitmaps are lost, so it is not known which parts of the "
			"volume are encrypted",
			map->lost, map->count);
	else
		*err = metadata->eow_failed;
	err_hint(err,
		 "--salvage shows the parts that are known; look for another image of this disk");
}

static void refuse_contradiction(struct err *err)
{
	err_set(err, ERR_DISK, ENOTSUP,
		"the metadata says that an EOW bitmap lists the encrypted parts of the volume, "
		"but the boot sector says that there is none");
	err_hint(err,
		 "the boot sector is another volume's or an older one: look for another image of "
		 "this disk, or use --salvage, which believes the boot sector");
}

static void refuse_state(const struct bde_info *info, struct err *err)
{
	err_set(err, ERR_DISK, ENOTSUP,
		"a volume in conversion state %u (next %u, %u bytes under way) is not known, so "
		"it is not known which parts are encrypted",
		info->state_current, info->state_next, info->conversion_size);
	err_hint(err, "let Windows finish the conversion (manage-bde -resume), then try again");
}

int served_check(const struct bde_metadata *metadata, unsigned int flags, struct err *err)
{
	const struct state *state = &metadata->state;

	switch (flags & BDE_SALVAGE ? state->salvage_obstacle : state->obstacle) {
	case STATE_SERVED:
		return 0;
	case STATE_VISTA:
		return served_check_version(metadata, err);
	case STATE_NO_DESCRIPTOR:
	case STATE_BITMAPS_LOST:
		refuse_bitmaps(metadata, err);
		break;
	case STATE_UNKNOWN_KIND:
		err_set(err, ERR_DISK, ENOTSUP, "a BitLocker volume of kind %s is not supported",
			guid_format(&metadata->boot.guid).text);
		break;
	case STATE_CONTRADICTION:
		refuse_contradiction(err);
		break;
	case STATE_UNKNOWN:
		refuse_state(&metadata->info, err);
		break;
	case STATE_NO_HEADER:
		err_set(err, ERR_DISK, ENOTSUP,
			"the metadata does not say where the volume's header was moved");
		break;
	case STATE_UNKNOWN_METHOD:
		err_set(err, ERR_DISK, ENOTSUP, "encryption method 0x%04x is not known",
			metadata->info.method);
		break;
	}
	return -ENOTSUP;
}
