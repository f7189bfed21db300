/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk/partition/partition: MBR with chains of logical partitions, whole, looped and cut; its
 * sector size. */
#include <errno.h>

#include "tests/fault.h"
#include "tests/partition_check.h"

enum {
	DISK = 1 << 20,
	SECTORS = DISK / 512,
};

static void test_primary(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);
	struct read_table read;

	craft_le(disk.data + 440, 0xdeadbeef, 4);
	craft_mbr_entry(disk.data, 0, 0x07, 64, 100);
	craft_mbr_entry(disk.data, 1, 0x07, 180, 0);
	craft_mbr_entry(disk.data, 2, 0x27, 200, 1);
	craft_mbr_entry(disk.data, 3, 0x83, 300, SECTORS - 300);
	disk.data[446] = 0x80;
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 3, "primary, and one without sectors");
	is(read.table->disk_signature, 0xdeadbeef, "disk signature");
	check_partition(&read, 0, 1, 64ULL * 512, 100ULL * 512, "primary");
	check_partition(&read, 1, 3, 200ULL * 512, 512, "primary");
	check_partition(&read, 2, 4, 300ULL * 512, DISK - 300ULL * 512, "to the last sector");
	check_notes(&read, 0, NULL, "primary");
	is(read.table->partitions[1].mbr_type, 0x27, "type");
	is_text(partition_type_name(read.table, &read.table->partitions[0]), "NTFS or exFAT",
		"type of 07");
	is_text(partition_type_name(read.table, &read.table->partitions[1]), "Windows recovery",
		"type of 27");
	ok(!read.table->partitions[0].name, "no name");
	check_done(&read);
	free(disk.data);
}

static void test_clipped(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);
	struct read_table read;

	craft_mbr_entry(disk.data, 0, 0x07, 64, UINT32_MAX);
	craft_mbr_entry(disk.data, 1, 0x07, SECTORS, 1);
	craft_mbr_entry(disk.data, 2, 0x07, UINT32_MAX, UINT32_MAX);
	craft_mbr_entry(disk.data, 3, 0x07, SECTORS - 1, 2);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 2, "clipped");
	check_partition(&read, 0, 1, 64ULL * 512, DISK - 64ULL * 512, "clipped");
	check_partition(&read, 1, 4, DISK - 512, 512, "clipped to a sector");
	ok(read.table->partitions[0].clipped && read.table->partitions[1].clipped, "both clipped");
	is(read.table->partitions[0].size_in_table, UINT32_MAX * 512LL, "size as the table has it");
	check_notes(&read, 5, "partition 2 begins past", "clipped");
	ok(craft_noted(&read.notes, "partition 3 begins past") &&
		   craft_noted(&read.notes, "partition 1 is cut off") &&
		   craft_noted(&read.notes, "partition 4 is cut off") &&
		   craft_noted(&read.notes, "partitions 1 and 4 overlap"),
	   "clipped: a warning for each");
	check_done(&read);
	free(disk.data);
}

/* An extended partition from sector 100 with three records, at 100, 300 and 200 in this order. */
static struct craft_disk make_chain(uint8_t extended)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);

	craft_mbr_entry(disk.data, 0, 0x07, 10, 50);
	craft_mbr_entry(disk.data, 1, extended, 100, 400);
	craft_mbr_entry(craft_at(&disk, 100), 0, 0x07, 1, 40);
	craft_mbr_entry(craft_at(&disk, 100), 1, 0x05, 200, 50);
	craft_mbr_entry(craft_at(&disk, 300), 0, 0x83, 2, 41);
	craft_mbr_entry(craft_at(&disk, 300), 1, 0x0f, 100, 50);
	craft_mbr_entry(craft_at(&disk, 200), 0, 0x0b, 3, 42);
	return disk;
}

static void test_logical(void)
{
	static const uint8_t types[] = {0x05, 0x0f, 0x85};

	for (size_t i = 0; i < sizeof(types); i++) {
		struct craft_disk disk = make_chain(types[i]);
		struct read_table read = check_read(&disk, 0);

		check_table(&read, PARTITION_MBR, 512, 4, "logical");
		check_partition(&read, 0, 1, 10ULL * 512, 50ULL * 512, "logical");
		check_partition(&read, 1, 5, 101ULL * 512, 40ULL * 512, "logical");
		check_partition(&read, 2, 6, 302ULL * 512, 41ULL * 512, "logical");
		check_partition(&read, 3, 7, 203ULL * 512, 42ULL * 512, "logical");
		is(read.table->partitions[2].mbr_type, 0x83, "logical: type");
		check_notes(&read, 0, NULL, "logical");
		check_done(&read);
		free(disk.data);
	}
}

static void test_chain_odd(void)
{
	struct craft_disk disk = make_chain(0x05);
	struct read_table read;

	/* an empty record in the chain, and a second extended partition */
	memset(craft_at(&disk, 300) + 446, 0, 16);
	craft_mbr_entry(disk.data, 2, 0x05, 600, 100);
	craft_mbr_entry(craft_at(&disk, 600), 0, 0x07, 1, 10);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 4, "odd chain");
	check_partition(&read, 2, 6, 203ULL * 512, 42ULL * 512, "after an empty record");
	check_partition(&read, 3, 7, 601ULL * 512, 10ULL * 512, "second extended partition");
	check_notes(&read, 0, NULL, "odd chain");
	check_done(&read);
	/* the link in the first slot, the partition in the second */
	memset(craft_at(&disk, 100) + 446, 0, 32);
	craft_mbr_entry(craft_at(&disk, 100), 1, 0x07, 1, 40);
	craft_mbr_entry(craft_at(&disk, 100), 0, 0x05, 200, 50);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 4, "swapped slots");
	check_partition(&read, 1, 5, 101ULL * 512, 40ULL * 512, "swapped slots");
	check_done(&read);
	free(disk.data);
}

/* The chain broken at its second record, in several ways: what came before it stays. */
static void test_chain_broken(void)
{
	static const struct {
		uint32_t link;
		const char *note;
	} cases[] = {
		{0, "is a loop: stopped at sector 100"},
		{200, "is a loop: stopped at sector 300"},
		{UINT32_MAX, "past the end of the disk"},
		{SECTORS - 100, "past the end of the disk"},
		{150, "no record of a logical partition in sector 250"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct craft_disk disk = make_chain(0x05);
		struct read_table read;

		craft_mbr_entry(craft_at(&disk, 300), 1, 0x05, cases[i].link, 50);
		read = check_read(&disk, 0);
		check_table(&read, PARTITION_MBR, 512, 3, "broken chain");
		check_partition(&read, 2, 6, 302ULL * 512, 41ULL * 512, "broken chain");
		check_notes(&read, 1, cases[i].note, "broken chain");
		check_done(&read);
		free(disk.data);
	}
}

static void test_chain_unreadable(void)
{
	struct craft_disk disk = make_chain(0x05);
	struct source *memory = craft_source(&disk);
	struct fault_rule rule = {
		.action = FAULT_SHORT, .offset = 300ULL * 512 + 256, .length = 1, .errnum = EIO};
	struct source *fault = NULL;
	struct read_table read;

	must(fault_new(memory, &fault) == 0);
	fault_add(fault, &rule);
	read = check_read_source(fault);
	check_table(&read, PARTITION_MBR, 512, 2, "unreadable record");
	check_notes(&read, 1, "in sector 300 cannot be read (Input/output error)",
		    "unreadable record");
	check_done(&read);
	source_unref(fault);
	source_unref(memory);
	free(disk.data);
}

/* Two extended partitions whose chains lead into each other, and a chain without an end. */
static void test_chain_endless(void)
{
	struct craft_disk disk = make_chain(0x05);
	struct read_table read;

	craft_mbr_entry(disk.data, 2, 0x05, 200, 100);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 4, "joined chains");
	check_notes(&read, 1, "is a loop: stopped at sector 200", "joined chains");
	check_done(&read);
	memset(disk.data, 0, disk.size);
	craft_mbr_entry(disk.data, 0, 0x05, 100, UINT32_MAX);
	for (uint32_t sector = 100; sector < SECTORS; sector++) {
		craft_mbr_entry(craft_at(&disk, sector), 0, 0x07, 0, 1);
		craft_mbr_entry(craft_at(&disk, sector), 1, 0x05, sector - 99, 1);
	}
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, PARTITION_MAX, "endless chain");
	check_notes(&read, 1, "too long", "endless chain");
	check_done(&read);
	free(disk.data);
}

/* The image of a disk with sectors of 4096 bytes: only what the table leads to tells. */
static void test_sector_size(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 4096);
	struct read_table read;

	craft_mbr_entry(disk.data, 0, 0x07, 8, 100);
	craft_mbr_entry(disk.data, 1, 0x05, 120, 50);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 1, "nothing to tell by");
	check_done(&read);
	read = check_read(&disk, 4096);
	check_table(&read, PARTITION_MBR, 4096, 1, "the device says so");
	check_done(&read);
	craft_ntfs(craft_at(&disk, 8));
	craft_mbr_entry(craft_at(&disk, 120), 0, 0x07, 1, 40);
	for (uint32_t hint = 0; hint <= 4096; hint += hint ? 3584 : 512) {
		read = check_read(&disk, hint);
		check_table(&read, PARTITION_MBR, 4096, 2, "a volume at 4096 bytes a sector");
		check_partition(&read, 0, 1, 8ULL * 4096, 100ULL * 4096, "4096");
		check_partition(&read, 1, 5, 121ULL * 4096, 40ULL * 4096, "4096");
		check_notes(&read, 0, NULL, "4096");
		check_done(&read);
	}
	memset(craft_at(&disk, 8), 0, 512);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 4096, 2, "an extended record at 4096 bytes a sector");
	check_done(&read);
	free(disk.data);
}

static void test_both_sector_sizes(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 4096);
	struct read_table read;

	craft_mbr_entry(disk.data, 0, 0x07, 8, 100);
	craft_mbr_entry(disk.data, 1, 0x05, 120, 50);
	craft_mbr_entry(craft_at(&disk, 120), 0, 0x07, 1, 40);
	craft_ntfs(disk.data + 8ULL * 512);
	craft_ntfs(craft_at(&disk, 8));
	read = check_read(&disk, 0);
	is(read.table->sector_size, 512, "volumes under both sizes: the usual one");
	check_done(&read);
	read = check_read(&disk, 4096);
	is(read.table->sector_size, 4096, "volumes under both sizes: what the device says");
	check_done(&read);
	memset(craft_at(&disk, 8), 0, 512);
	memset(craft_at(&disk, 120), 0, 512);
	read = check_read(&disk, 4096);
	is(read.table->sector_size, 512, "a disk of 512 that was copied to one of 4096");
	check_done(&read);
	free(disk.data);
}

static void test_protective(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);
	struct read_table read;

	craft_mbr_entry(disk.data, 0, 0xee, 1, SECTORS - 1);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_NONE, 512, 1, "protects nothing");
	check_partition(&read, 0, 1, 0, DISK, "protects nothing");
	check_notes(&read, 1, "neither copy of it", "protects nothing");
	check_done(&read);
	craft_mbr_entry(disk.data, 2, 0x07, 100, 100);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 1, "hybrid without its GPT");
	check_partition(&read, 0, 3, 100ULL * 512, 100ULL * 512, "hybrid without its GPT");
	check_notes(&read, 1, "neither copy of it", "hybrid without its GPT");
	check_done(&read);
	free(disk.data);
}

int main(void)
{
	test_primary();
	test_clipped();
	test_logical();
	test_chain_odd();
	test_chain_broken();
	test_chain_unreadable();
	test_chain_endless();
	test_sector_size();
	test_both_sector_sizes();
	test_protective();
	return tap_done();
}
