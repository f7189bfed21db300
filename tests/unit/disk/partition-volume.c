/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk/partition/partition: disks that are one bare volume, and boot code that only looks like a
 * table. */
#include <errno.h>

#include "disk/partition/bootsector.h"
#include "disk/partition/filesystem.h"
#include "tests/fault.h"
#include "tests/partition_check.h"

enum {
	DISK = 1 << 20
};

static void is_whole(const struct craft_disk *disk, size_t notes, const char *note,
		     const char *what)
{
	struct read_table read = check_read(disk, 0);

	check_table(&read, PARTITION_NONE, 512, 1, what);
	check_partition(&read, 0, 1, 0, disk->size, what);
	check_notes(&read, notes, note, what);
	is_text(partition_type_name(read.table, &read.table->partitions[0]), "whole disk",
		"%s: type", what);
	check_done(&read);
}

/*
 * Volumes of every kind, on a disk that once had a GPT, whose backup is still there, and with bytes
 * where an MBR has its entries that would pass as one.
 */
static void test_volumes(void)
{
	static const struct {
		const char name[9];
		const char *filesystem;
	} names[] = {{"-FVE-FS-", "unknown"},
		     {"NTFS    ", "ntfs"},
		     {"EXFAT   ", "exfat"},
		     {"ReFS\0\0\0\0", "refs"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct craft_disk disk = craft_disk_new(DISK, 512);
		struct source *source;

		craft_gpt(&disk);
		craft_gpt_entry(&disk, 0, CRAFT_BASIC_DATA, 100, 200, "stale");
		memset(disk.data, 0, 1024);
		memcpy(disk.data + 3, names[i].name, 8);
		is_whole(&disk, 0, NULL, names[i].name);
		craft_mbr_entry(disk.data, 0, 0x07, 100, 100);
		craft_ntfs(craft_at(&disk, 100));
		is_whole(&disk, 0, NULL, names[i].name);
		source = craft_source(&disk);
		is_text(filesystem_name(source), names[i].filesystem, "%s: its name",
			names[i].name);
		source_unref(source);
		free(disk.data);
	}
}

static void test_fat(void)
{
	static const char *const oems[] = {"MSWIN4.1", "mkfs.fat", "MSDOS5.0"};

	for (size_t i = 0; i < sizeof(oems) / sizeof(oems[0]); i++) {
		struct craft_disk disk = craft_disk_new(DISK, 512);
		struct read_table read;

		craft_fat(disk.data, oems[i]);
		is_whole(&disk, 0, NULL, oems[i]);
		memset(disk.data + 446, 0x41, 64);
		is_whole(&disk, 0, NULL, oems[i]);
		memset(disk.data + 446, 0, 64);
		/* as mkfs.fat writes it: an entry over everything, from sector 0 */
		craft_mbr_entry(disk.data, 0, 0x0c, 0, DISK / 512);
		is_whole(&disk, 0, NULL, oems[i]);
		/* a boot loader's MBR that keeps the fields of FAT, in front of a real volume */
		craft_mbr_entry(disk.data, 0, 0x0c, 64, 100);
		is_whole(&disk, 0, NULL, "leads nowhere");
		craft_fat(craft_at(&disk, 64), oems[i]);
		read = check_read(&disk, 0);
		check_table(&read, PARTITION_MBR, 512, 1, "MBR with the fields of FAT");
		check_done(&read);
		free(disk.data);
	}
}

static void test_fat_over_gpt(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);
	struct read_table read;

	craft_gpt(&disk);
	craft_gpt_entry(&disk, 0, CRAFT_BASIC_DATA, 100, 200, "");
	craft_fat(disk.data, "SYSLINUX");
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_GPT, 512, 1, "protective MBR with the fields of FAT");
	check_notes(&read, 0, NULL, "protective MBR with the fields of FAT");
	check_done(&read);
	free(disk.data);
}

/* Each field of FAT wrong in turn: no volume, so the MBR entry counts. */
static void test_not_fat(void)
{
	static const struct {
		size_t offset;
		size_t size;
		uint32_t value;
	} fields[] = {{0, 1, 0x33}, {2, 1, 0},	   {11, 2, 0}, {11, 2, 256}, {11, 2, 8192},
		      {11, 2, 513}, {13, 1, 0},	   {13, 1, 3}, {14, 2, 0},   {16, 1, 0},
		      {16, 1, 3},   {21, 1, 0xf1}, {32, 4, 0}, {36, 4, 0}};
	uint8_t sector[512] = {0};

	craft_fat(sector, "mkfs.fat");
	is(bootsector_recognise(sector, 512), BOOTSECTOR_FAT, "FAT");
	is(bootsector_recognise(sector, 511), BOOTSECTOR_NONE, "not of 511 bytes");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		memset(sector, 0, sizeof(sector));
		craft_fat(sector, "mkfs.fat");
		craft_le(sector + fields[i].offset, fields[i].value, fields[i].size);
		is(bootsector_recognise(sector, 512), BOOTSECTOR_NONE, "no FAT with %u at %zu",
		   fields[i].value, fields[i].offset);
	}
}

static void test_no_table(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);
	struct partition_table *table = NULL;
	struct err err = {0};
	struct source *source;

	is_whole(&disk, 0, NULL, "zeros");
	disk.data[510] = 0x55;
	disk.data[511] = 0xaa;
	is_whole(&disk, 0, NULL, "an empty MBR");
	memset(disk.data, 0xb8, 510);
	is_whole(&disk, 1, "ends like a partition table but is not one", "other boot code");
	for (size_t size = 1; size <= 4096; size = size * 3 + 1) {
		disk.size = size;
		disk.data[510] = 0;
		is_whole(&disk, 0, NULL, "a tiny disk");
	}
	disk.size = 0;
	source = craft_source(&disk);
	is(partition_table_read(source, NULL, &table, &err), -ENODATA, "an empty disk is refused");
	is_text(err.message, "the disk is empty", "an empty disk: message");
	source_unref(source);
	free(disk.data);
}

static void test_unreadable(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);
	struct source *memory = craft_source(&disk);
	struct source *fault = NULL;
	struct partition_table *table = NULL;
	struct fault_rule rule = {.action = FAULT_ERROR, .offset = 0, .length = 512, .errnum = EIO};
	struct err err = {0};

	must(fault_new(memory, &fault) == 0);
	fault_add(fault, &rule);
	is(partition_table_read(fault, NULL, &table, &err), -EIO, "unreadable: an error");
	is(err.kind, ERR_DISK, "unreadable: kind");
	is_text(err.message, "cannot read the first sector of the disk: Input/output error",
		"unreadable: message");
	ok(err.hint[0], "unreadable: a hint");
	ok(!table, "unreadable: no table");
	partition_table_free(NULL);
	source_unref(fault);
	source_unref(memory);
	free(disk.data);
}

int main(void)
{
	test_volumes();
	test_fat();
	test_fat_over_gpt();
	test_not_fat();
	test_no_table();
	test_unreadable();
	return tap_done();
}
