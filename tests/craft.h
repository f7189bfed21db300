/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Disks crafted in memory for the tests of disk/: VHD footers, MBRs, GPTs and boot sectors, right
 * at first, to be damaged by the test. Include tests/tap.h's users only: it bails out without
 * memory.
 */
#ifndef ADEFUSE_TESTS_CRAFT_H
#define ADEFUSE_TESTS_CRAFT_H

#include <stdint.h>

#include "base/crc32.h"
#include "base/notes.h"
#include "base/text/guid.h"
#include "disk/memory.h"
#include "disk/source.h"
#include "tests/tap.h"

#define CRAFT_BASIC_DATA "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
#define CRAFT_EFI	 "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"

enum {
	CRAFT_ENTRIES = 128,
	CRAFT_ENTRY_SIZE = 128,
};

struct craft_disk {
	uint8_t *data;
	size_t size;
	uint32_t sector; /* bytes */
};

static inline void craft_le(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static inline uint64_t craft_get_le(const uint8_t *from, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | from[i];
	return value;
}

static inline void craft_be(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[size - 1 - i] = (uint8_t)(value >> 8 * i);
}

static inline struct craft_disk craft_disk_new(size_t size, uint32_t sector)
{
	struct craft_disk disk = {.data = calloc(1, size), .size = size, .sector = sector};

	must(disk.data);
	return disk;
}

static inline uint8_t *craft_at(const struct craft_disk *disk, uint64_t sector)
{
	must((sector + 1) * disk->sector <= disk->size);
	return disk->data + sector * disk->sector;
}

/* The disk as a source, of which nothing tells the sector size. */
static inline struct source *craft_source(const struct craft_disk *disk)
{
	struct source *source = NULL;

	must(memory_new(disk->data, disk->size, &source) == 0);
	return source;
}

/* A footer of a disk of `size` bytes with a right checksum. */
static inline void craft_footer_seal(uint8_t footer[512])
{
	uint32_t sum = 0;

	memset(footer + 64, 0, 4);
	for (size_t i = 0; i < 512; i++)
		sum += footer[i];
	craft_be(footer + 64, (uint32_t)~sum, 4);
}

static inline void craft_footer(uint8_t footer[512], uint64_t size, uint32_t type)
{
	memset(footer, 0, 512);
	memcpy(footer, "conectix", 8);
	craft_be(footer + 8, 2, 4);
	craft_be(footer + 12, 0x00010000, 4);
	craft_be(footer + 16, type == 2 ? UINT64_MAX : 512, 8);
	memcpy(footer + 28, "win ", 4);
	craft_be(footer + 40, size, 8);
	craft_be(footer + 48, size, 8);
	craft_be(footer + 60, type, 4);
	memset(footer + 68, 0x5a, 16);
	craft_footer_seal(footer);
}

static inline void craft_mbr_entry(uint8_t *record, unsigned int slot, uint8_t type, uint32_t start,
				   uint32_t sectors)
{
	uint8_t *entry = record + 446 + 16 * slot;

	record[510] = 0x55;
	record[511] = 0xaa;
	entry[4] = type;
	craft_le(entry + 8, start, 4);
	craft_le(entry + 12, sectors, 4);
}

static inline void craft_guid(uint8_t *to, const char *text)
{
	struct guid guid;

	must(guid_parse(text, strlen(text), &guid));
	memcpy(to, guid.bytes, sizeof(guid.bytes));
}

/* Put both checksums of the GPT whose header is in `sector` right. */
static inline void craft_gpt_seal(const struct craft_disk *disk, uint64_t sector)
{
	uint8_t *header = craft_at(disk, sector);
	uint64_t first = craft_get_le(header + 72, 8);
	size_t size = craft_get_le(header + 80, 4) * craft_get_le(header + 84, 4);

	if (first <= disk->size / disk->sector && size <= disk->size - first * disk->sector)
		craft_le(header + 88, crc32_compute(craft_at(disk, first), size), 4);
	memset(header + 16, 0, 4);
	craft_le(header + 16, crc32_compute(header, craft_get_le(header + 12, 4)), 4);
}

static inline uint64_t craft_last_sector(const struct craft_disk *disk)
{
	return disk->size / disk->sector - 1;
}

static inline uint64_t craft_array_sectors(const struct craft_disk *disk)
{
	return (CRAFT_ENTRIES * CRAFT_ENTRY_SIZE + disk->sector - 1) / disk->sector;
}

static inline void craft_gpt_header(const struct craft_disk *disk, uint64_t sector, uint64_t other,
				    uint64_t entries)
{
	uint8_t *header = craft_at(disk, sector);

	memset(header, 0, disk->sector);
	memcpy(header, "EFI PART", 8);
	craft_le(header + 8, 0x00010000, 4);
	craft_le(header + 12, 92, 4);
	craft_le(header + 24, sector, 8);
	craft_le(header + 32, other, 8);
	craft_le(header + 40, 2 + craft_array_sectors(disk), 8);
	craft_le(header + 48, craft_last_sector(disk) - craft_array_sectors(disk) - 1, 8);
	craft_guid(header + 56, "11223344-5566-7788-99AA-BBCCDDEEFF00");
	craft_le(header + 72, entries, 8);
	craft_le(header + 80, CRAFT_ENTRIES, 4);
	craft_le(header + 84, CRAFT_ENTRY_SIZE, 4);
}

/* An empty GPT: protective MBR, primary, backup. */
static inline void craft_gpt(const struct craft_disk *disk)
{
	uint64_t last = craft_last_sector(disk);

	craft_mbr_entry(disk->data, 0, 0xee, 1, (uint32_t)last);
	craft_gpt_header(disk, 1, last, 2);
	craft_gpt_header(disk, last, 1, last - craft_array_sectors(disk));
	craft_gpt_seal(disk, 1);
	craft_gpt_seal(disk, last);
}

/* An entry in one of the copies; the seal is the caller's. */
static inline void craft_gpt_entry_in(const struct craft_disk *disk, uint64_t header_sector,
				      unsigned int index, const char *type, uint64_t first,
				      uint64_t last, const char *name)
{
	const uint8_t *header = craft_at(disk, header_sector);
	uint8_t *entry = craft_at(disk, craft_get_le(header + 72, 8)) +
			 (size_t)index * craft_get_le(header + 84, 4);

	memset(entry, 0, CRAFT_ENTRY_SIZE);
	craft_guid(entry, type);
	memset(entry + 16, 0xc0 + (int)index, 16);
	craft_le(entry + 32, first, 8);
	craft_le(entry + 40, last, 8);
	for (size_t i = 0; i < strnlen(name, 36); i++)
		entry[56 + 2 * i] = (uint8_t)name[i];
}

/* An entry in both copies, sealed. */
static inline void craft_gpt_entry(const struct craft_disk *disk, unsigned int index,
				   const char *type, uint64_t first, uint64_t last,
				   const char *name)
{
	uint64_t sectors[2] = {1, craft_last_sector(disk)};

	for (size_t i = 0; i < 2; i++) {
		craft_gpt_entry_in(disk, sectors[i], index, type, first, last, name);
		craft_gpt_seal(disk, sectors[i]);
	}
}

/* The first sector of an NTFS volume, as far as recognition goes. */
static inline void craft_ntfs(uint8_t *sector)
{
	memcpy(sector, "\xeb\x52\x90NTFS    \0\2\x08", 14);
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

/* The first sector of a FAT32 volume, as mkfs.fat writes it. */
static inline void craft_fat(uint8_t *sector, const char *oem)
{
	memcpy(sector, "\xeb\x58\x90", 3);
	memcpy(sector + 3, oem, 8);
	craft_le(sector + 11, 512, 2);
	sector[13] = 2;
	craft_le(sector + 14, 32, 2);
	sector[16] = 2;
	sector[21] = 0xf8;
	craft_le(sector + 32, 204800, 4);
	craft_le(sector + 36, 797, 4);
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

/* Whether a warning holds this text. */
static inline bool craft_noted(const struct notes *notes, const char *text)
{
	for (size_t i = 0; i < notes->count; i++) {
		if (strstr(notes->text[i], text))
			return true;
	}
	return false;
}

/* Show the warnings where a check of them failed. */
static inline void craft_show(const struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		printf("# warning: %s\n", notes->text[i]);
}

#endif
