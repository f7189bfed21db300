/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The format's keys as the sector cipher takes them; see fvek.h. */
#include "bde/fvek.h"

#include <errno.h>

#include "bde/format/method.h"

int fvek_sector_keys(uint16_t method, const struct secret *fvek, struct sector_keys *ret_keys)
{
	struct method_keys keys;

	if (method_fvek_size(method) == 0)
		return -ENOTSUP;
	if (!method_split_fvek(method, fvek, &keys))
		return -EINVAL;
	*ret_keys = (struct sector_keys){
		.mode = keys.xts     ? SECTOR_XTS
			: keys.tweak ? SECTOR_CBC_DIFFUSER
				     : SECTOR_CBC,
		.size = keys.size,
		.data = keys.data,
		.tweak = keys.tweak,
	};
	return 0;
}
