/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The EFI system partition: a minimal FAT32 with the one file
 * EFI/Microsoft/Boot/mkade.txt. Clusters of one sector; cluster 2 is the root directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mkade/disk/disk.h"
#include "tests/mkade/random.h"

#define RESERVED_SECTORS 32u
#define FATS		 2u
#define CLUSTER_END	 0x0fffffffu
#define ATTR_DIRECTORY	 0x10
#define ATTR_ARCHIVE	 0x20
#define DOS_DATE	 (44u << 9 | 2 << 5 | 3) /* 2024-02-03 */

static const char text[] = "EFI system partition of a disk made for tests\r\n";

struct fat32 {
	uint32_t sector_size, sectors, fat_sectors;
	uint64_t base; /* of the partition on the disk */
	int fd;
};

static void put_sector(const struct fat32 *f, uint64_t sector, const uint8_t *data)
{
	pwrite_all(f->fd, data, f->sector_size, f->base + sector * f->sector_size);
}

static void write_boot(const struct fat32 *f)
{
	uint8_t *s = xalloc(f->sector_size);

	memcpy(s, "\xeb\x58\x90MSDOS5.0", 11);
	put16(s + 11, (uint16_t)f->sector_size);
	s[13] = 1;
	put16(s + 14, RESERVED_SECTORS);
	s[16] = FATS;
	s[21] = 0xf8;
	put16(s + 24, 63);
	put16(s + 26, 255);
	put32(s + 28, (uint32_t)(f->base / f->sector_size));
	put32(s + 32, f->sectors);
	put32(s + 36, f->fat_sectors);
	put32(s + 44, 2);
	put16(s + 48, 1);
	put16(s + 50, 6);
	s[64] = 0x80;
	s[66] = 0x29;
	random_bytes(s + 67, 4);
	memcpy(s + 71, "NO NAME    FAT32   ", 19);
	memcpy(s + 90, "\xcd\x18\xeb\xfe", 4);
	put16(s + 510, 0xaa55);
	put_sector(f, 0, s);
	put_sector(f, 6, s);
	free(s);
}

static void write_info(const struct fat32 *f, uint32_t used)
{
	uint8_t *s = xalloc(f->sector_size);
	uint32_t clusters = f->sectors - RESERVED_SECTORS - FATS * f->fat_sectors;

	memcpy(s, "RRaA", 4);
	memcpy(s + 484, "rrAa", 4);
	put32(s + 488, clusters - used);
	put32(s + 492, 2 + used);
	put32(s + 508, 0xaa550000);
	put_sector(f, 1, s);
	put_sector(f, 7, s);
	free(s);
}

static void put_entry(uint8_t *e, const char *name, uint8_t attr, uint32_t cluster, uint32_t size)
{
	memcpy(e, name, 11);
	e[11] = attr;
	put16(e + 16, DOS_DATE);
	put16(e + 18, DOS_DATE);
	put16(e + 20, (uint16_t)(cluster >> 16));
	put16(e + 24, DOS_DATE);
	put16(e + 26, (uint16_t)cluster);
	put32(e + 28, size);
}

/* Directories in clusters 2 to 5, one inside the other, and the file in cluster 6. */
static void write_tree(const struct fat32 *f)
{
	static const char *const names[] = {"EFI        ", "MICROSOF   ", "BOOT       ",
					    "MKADE   TXT"};
	uint64_t data = RESERVED_SECTORS + (uint64_t)FATS * f->fat_sectors;

	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		bool is_file = i == ARRAY_LEN(names) - 1;
		uint8_t *s = xalloc(f->sector_size), *e = s;

		if (i > 0) {
			put_entry(e, ".          ", ATTR_DIRECTORY, 2 + i, 0);
			/* The root is written as cluster 0 here. */
			put_entry(e + 32, "..         ", ATTR_DIRECTORY, i > 1 ? 1 + i : 0, 0);
			e += 64;
		}
		put_entry(e, names[i], is_file ? ATTR_ARCHIVE : ATTR_DIRECTORY, 3 + i,
			  is_file ? (uint32_t)strlen(text) : 0);
		put_sector(f, data + i, s);
		memset(s, 0, f->sector_size);
		if (is_file) {
			memcpy(s, text, strlen(text));
			put_sector(f, data + i + 1, s);
		}
		free(s);
	}
}

void efi_write(const struct partition *p, uint32_t sector_size, int fd)
{
	struct fat32 f = {.sector_size = sector_size, .base = p->offset, .fd = fd};
	uint8_t *fat = xalloc(sector_size);

	f.sectors = (uint32_t)(p->size / sector_size);
	/* An entry for every sector is somewhat more than the clusters need. */
	f.fat_sectors = (uint32_t)(round_up(4 * (uint64_t)f.sectors, sector_size) / sector_size);
	put32(fat, 0x0ffffff8);
	for (int i = 1; i < 7; i++)
		put32(fat + (size_t)4 * i, CLUSTER_END);
	write_boot(&f);
	write_info(&f, 5);
	for (uint32_t i = 0; i < FATS; i++)
		put_sector(&f, RESERVED_SECTORS + (uint64_t)i * f.fat_sectors, fat);
	write_tree(&f);
	free(fat);
}
