/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Volumes of Windows Vista: see vista.h. */
#include "tests/mkade/bde/vista.h"

#include <string.h>

#define AREA	   16384u
#define VALIDATION 8

void vista_check(const struct meta *m)
{
	if (m->method->kind == METHOD_XTS)
		die("Vista has no AES-XTS");
	if (m->togo || m->eow)
		die("Vista has neither --togo nor --eow");
	if (m->sector_size != 512)
		die("Vista has sectors of 512 bytes only");
}

uint64_t vista_area_size(const struct meta *m)
{
	return round_up(AREA, (uint64_t)m->cluster_sectors * m->sector_size);
}

void vista_build_boot(const struct meta *m, const uint8_t ntfs[512], uint8_t ret_boot[512])
{
	uint64_t cluster = (uint64_t)m->cluster_sectors * m->sector_size;

	if (m->copy_offset[0] % cluster)
		die("Vista: metadata begins with a cluster");
	memcpy(ret_boot, ntfs, 512);
	memcpy(ret_boot + 3, fve_signature, sizeof(fve_signature));
	put64(ret_boot + VISTA_CLUSTER_AT, m->copy_offset[0] / cluster);
}

void vista_fill_header(uint8_t *header, size_t covered, const struct meta *m)
{
	put16(header + 8, (uint16_t)covered);
	put16(header + 10, 1);
	if (!m->has_watermark)
		put64(header + 16, 0);
	put32(header + 28, 0);
	put64(header + VISTA_CLUSTER_AT, m->mft_mirror);
}

void vista_append_validation(struct buf *b, uint32_t crc)
{
	buf_u16(b, VALIDATION);
	buf_u16(b, 1);
	buf_u32(b, crc);
}
