/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Footer of a fixed VHD, big endian:
 *
 *   0  "conectix"         8  u32 features 2      12  u32 version 1.0   16  u64 data offset -1
 *  24  u32 seconds since 2000                    28  creator "win "    32  u32 its version
 *  36  host "Wi2k"       40  u64 original size   48  u64 current size
 *  56  u16 cylinders     58  u8 heads            59  u8 sectors        60  u32 disk type 2
 *  64  u32 checksum: complement of the sum of all bytes but its own
 *  68  unique id         84  u8 saved state
 */
#include <string.h>

#include "disk.h"

#define FOOTER_SIZE   512
#define FILETIME_2000 UINT64_C(125911584000000000)

/* The specification's appendix: sectors to cylinders, heads and sectors per track. */
static void geometry(uint64_t total, uint8_t *ret_chs)
{
	uint32_t track, heads, cyl_heads;

	if (total > 65535u * 16 * 255)
		total = 65535u * 16 * 255;
	if (total >= 65535u * 16 * 63) {
		track = 255;
		heads = 16;
		cyl_heads = (uint32_t)(total / track);
	} else {
		track = 17;
		cyl_heads = (uint32_t)(total / track);
		heads = (cyl_heads + 1023) / 1024;
		if (heads < 4)
			heads = 4;
		if (cyl_heads >= heads * 1024 || heads > 16) {
			track = 31;
			heads = 16;
			cyl_heads = (uint32_t)(total / track);
		}
		if (cyl_heads >= heads * 1024) {
			track = 63;
			heads = 16;
			cyl_heads = (uint32_t)(total / track);
		}
	}
	ret_chs[0] = (uint8_t)(cyl_heads / heads >> 8);
	ret_chs[1] = (uint8_t)(cyl_heads / heads);
	ret_chs[2] = (uint8_t)heads;
	ret_chs[3] = (uint8_t)track;
}

void vhd_write_footer(const struct disk *d, int fd)
{
	uint8_t f[FOOTER_SIZE] = {0};
	struct guid id;
	uint32_t sum = 0;

	random_guid(&id);
	memcpy(f, "conectix", 8);
	put32be(f + 8, 2);
	put32be(f + 12, 0x00010000);
	put64be(f + 16, UINT64_MAX);
	put32be(f + 24, (uint32_t)((filetime_now() - FILETIME_2000) / 10000000));
	memcpy(f + 28, "win ", 4);
	put32be(f + 32, 0x000a0000);
	memcpy(f + 36, "Wi2k", 4);
	put64be(f + 40, d->size);
	put64be(f + 48, d->size);
	geometry(d->size / 512, f + 56);
	put32be(f + 60, 2);
	memcpy(f + 68, id.b, sizeof(id.b));
	for (size_t i = 0; i < sizeof(f); i++)
		sum += f[i];
	put32be(f + 64, ~sum);
	pwrite_all(fd, f, sizeof(f), d->size);
}
