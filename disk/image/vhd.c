/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The VHD footer; vhd.h has its layout. */
#include "disk/image/vhd.h"

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

static uint8_t *put_be(uint8_t *to, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	return to + size;
}

/* Cylinders, heads, sectors as the specification's appendix has it: rounded down, and capped. */
static uint32_t geometry(uint64_t size)
{
	uint64_t total = size / VHD_SECTOR_SIZE;
	uint32_t sectors = 17;
	uint32_t heads;
	uint64_t tracks;

	if (total > (uint64_t)65535 * 16 * 255)
		total = (uint64_t)65535 * 16 * 255;
	if (total >= (uint64_t)65535 * 16 * 63) {
		sectors = 255;
		heads = 16;
		return (uint32_t)(total / sectors / heads) << 16 | heads << 8 | sectors;
	}
	tracks = total / sectors;
	heads = (uint32_t)((tracks + 1023) / 1024);
	if (heads < 4)
		heads = 4;
	if (tracks >= (uint64_t)heads * 1024 || heads > 16) {
		sectors = 31;
		heads = 16;
		tracks = total / sectors;
	}
	if (tracks >= (uint64_t)heads * 1024) {
		sectors = 63;
		heads = 16;
		tracks = total / sectors;
	}
	return (uint32_t)(tracks / heads) << 16 | heads << 8 | sectors;
}

void vhd_footer_make(uint64_t size, const uint8_t id[VHD_ID_SIZE],
		     uint8_t ret_footer[VHD_FOOTER_SIZE])
{
	uint8_t *at = ret_footer + sizeof(cookie);

	memset(ret_footer, 0, VHD_FOOTER_SIZE);
	memcpy(ret_footer, cookie, sizeof(cookie));
	at = put_be(at, 2, 4);		/* features: the bit that is always set */
	at = put_be(at, 0x00010000, 4); /* version */
	at = put_be(at, UINT64_MAX, 8); /* no dynamic header */
	at = put_be(at, 0, 4);		/* time */
	at = put_be(at, 0x77696e20, 4); /* maker: "win " */
	at = put_be(at, 0x000a0000, 4); /* its version */
	at = put_be(at, 0x5769326b, 4); /* its host: "Wi2k" */
	at = put_be(at, size, 8);
	at = put_be(at, size, 8);
	at = put_be(at, geometry(size), 4);
	at = put_be(at, VHD_TYPE_FIXED, 4);
	memcpy(at + CHECKSUM_SIZE, id, VHD_ID_SIZE);
	(void)put_be(at, vhd_checksum(ret_footer, VHD_FOOTER_SIZE), 4);
}
