/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRC-32 by half bytes: 16 words of table are enough for the sizes seen here. */
#include "base/crc32.h"

static const uint32_t table[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
	0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t crc32_update(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc = crc >> 4 ^ table[(crc ^ p[i]) & 15];
		crc = crc >> 4 ^ table[(crc ^ (uint32_t)p[i] >> 4) & 15];
	}
	return ~crc;
}

uint32_t crc32_compute(const void *data, size_t size)
{
	return crc32_update(0, data, size);
}

uint32_t crc32_compute_without(const void *data, size_t size, size_t field)
{
	static const uint8_t zeros[4];
	const uint8_t *bytes = data;
	uint32_t crc = crc32_update(0, bytes, field);

	crc = crc32_update(crc, zeros, sizeof(zeros));
	return crc32_update(crc, bytes + field + sizeof(zeros), size - field - sizeof(zeros));
}
