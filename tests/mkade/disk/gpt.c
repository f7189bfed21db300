/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GPT with protective MBR and backup, for sectors of 512 and of 4096 bytes. Header at sector
 * 1, 128 entries of 128 bytes after it; the backup's entries end where its header begins, in
 * the disk's last sector.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/mkade/disk/disk.h"

#define ENTRIES	    128u
#define ENTRY_SIZE  128u
#define HEADER_SIZE 92u

static void protective_mbr(const struct disk *d, int fd)
{
	uint64_t last = d->size / d->sector_size - 1;
	uint8_t mbr[512] = {0};
	uint8_t *e = mbr + 446;

	memcpy(e + 1, "\x00\x02\x00\xee\xff\xff\xff", 7);
	put32(e + 8, 1);
	put32(e + 12, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
	put16(mbr + 510, 0xaa55);
	pwrite_all(fd, mbr, sizeof(mbr), 0);
}

static void fill_entries(const struct disk *d, uint8_t *entries)
{
	for (unsigned int i = 0; i < d->parts; i++) {
		const struct partition *p = &d->part[i];
		uint8_t *e = entries + (size_t)i * ENTRY_SIZE;
		size_t n;
		uint8_t *name = utf16le_from_utf8(p->name, false, &n);

		memcpy(e, p->type_guid.b, 16);
		memcpy(e + 16, p->guid.b, 16);
		put64(e + 32, p->offset / d->sector_size);
		put64(e + 40, (p->offset + p->size) / d->sector_size - 1);
		memcpy(e + 56, name, n);
		free(name);
	}
}

static void write_header(const struct disk *d, int fd, const uint8_t *entries, uint64_t at,
			 uint64_t other, uint64_t entries_at)
{
	uint64_t table = ENTRIES * ENTRY_SIZE / d->sector_size;
	uint8_t *h = xalloc(d->sector_size);

	memcpy(h, "EFI PART", 8);
	put32(h + 8, 0x00010000);
	put32(h + 12, HEADER_SIZE);
	put64(h + 24, at);
	put64(h + 32, other);
	put64(h + 40, 2 + table);
	put64(h + 48, d->size / d->sector_size - 2 - table);
	memcpy(h + 56, d->guid.b, 16);
	put64(h + 72, entries_at);
	put32(h + 80, ENTRIES);
	put32(h + 84, ENTRY_SIZE);
	put32(h + 88, crc32_of(0, entries, (size_t)ENTRIES * ENTRY_SIZE));
	put32(h + 16, crc32_of(0, h, HEADER_SIZE));
	pwrite_all(fd, h, d->sector_size, at * d->sector_size);
	pwrite_all(fd, entries, (size_t)ENTRIES * ENTRY_SIZE, entries_at * d->sector_size);
	free(h);
}

void gpt_write(const struct disk *d, int fd)
{
	uint8_t *entries = xalloc((size_t)ENTRIES * ENTRY_SIZE);
	uint64_t last = d->size / d->sector_size - 1;

	protective_mbr(d, fd);
	fill_entries(d, entries);
	write_header(d, fd, entries, 1, last, 2);
	write_header(d, fd, entries, last, 1, last - ENTRIES * ENTRY_SIZE / d->sector_size);
	free(entries);
}
