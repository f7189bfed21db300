/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parser of the VHD footer; vhd.h has its layout. */
#include "disk/vhd.h"

#include <string.h>

#include "base/cursor.h"

static const char cookie[8] = {'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'};

enum {
	CHECKSUM_OFFSET = 64,
	CHECKSUM_SIZE = 4,
};

uint32_t vhd_checksum(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		if (i < CHECKSUM_OFFSET || i >= CHECKSUM_OFFSET + CHECKSUM_SIZE)
			sum += data[i];
	}
	return ~sum;
}

bool vhd_footer_parse(const uint8_t *data, size_t size, struct vhd_footer *ret_footer)
{
	struct cursor cursor = cursor_make(data, size);
	struct vhd_footer footer = {0};

	if (size != VHD_FOOTER_SIZE && size != VHD_FOOTER_SIZE_OLD)
		return false;
	if (memcmp(data, cookie, sizeof(cookie)) != 0)
		return false;
	cursor_skip(&cursor, 12); /* cookie, features */
	footer.version = cursor_be32(&cursor);
	footer.header_offset = cursor_be64(&cursor);
	cursor_skip(&cursor, 16); /* time and creator */
	footer.original_size = cursor_be64(&cursor);
	footer.current_size = cursor_be64(&cursor);
	cursor_skip(&cursor, 4); /* geometry */
	footer.type = cursor_be32(&cursor);
	footer.checksum_good = cursor_be32(&cursor) == vhd_checksum(data, size);
	if (cursor.bad)
		return false;
	*ret_footer = footer;
	return true;
}
