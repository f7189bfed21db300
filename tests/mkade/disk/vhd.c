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

#include "tests/mkade/disk/disk.h"
#include "tests/mkade/random.h"

#define FOOTER_SIZE   512
#define FILETIME_2000 UINT64_C(125911584000000000)

struct geometry {
	uint32_t cylinders, heads, track;
};

static bool try_track(uint64_t total, uint32_t track, uint32_t heads, struct geometry *ret_g)
{
	uint32_t lines = (uint32_t)(total / track);

	if (!heads)
		heads = (lines + 1023) / 1024 > 4 ? (lines + 1023) / 1024 : 4;
	*ret_g = (struct geometry){lines / heads, heads, track};
	return heads <= 16 && lines < heads * 1024;
}

/* The specification's appendix: the shortest track whose cylinders fit into ten bits. */
static struct geometry geometry(uint64_t total)
{
	struct geometry g;

	if (total > 65535ul * 16 * 255)
		total = 65535ul * 16 * 255;
	if (total >= 65535ul * 16 * 63)
		(void)try_track(total, 255, 16, &g);
	else if (!try_track(total, 17, 0, &g) && !try_track(total, 31, 16, &g))
		(void)try_track(total, 63, 16, &g);
	return g;
}

void vhd_write_footer(const struct disk *d, int fd)
{
	struct geometry g = geometry(d->size / 512);
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
	f[56] = (uint8_t)(g.cylinders >> 8);
	f[57] = (uint8_t)g.cylinders;
	f[58] = (uint8_t)g.heads;
	f[59] = (uint8_t)g.track;
	put32be(f + 60, 2);
	memcpy(f + 68, id.b, sizeof(id.b));
	for (size_t i = 0; i < sizeof(f); i++)
		sum += f[i];
	put32be(f + 64, ~sum);
	pwrite_all(fd, f, sizeof(f), d->size);
}
