/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk/partition/partition: GPT at both sector sizes, its copies damaged in turn, hostile fields.
 */
#include <errno.h>

#include "disk/partition/gpt.h"
#include "tests/fault.h"
#include "tests/partition_check.h"

enum {
	DISK = 1 << 20,
	COPIES = 2,
};

static const uint32_t sector_sizes[] = {512, 4096};

/* EFI, a gap in the numbers, and data to the end. In sectors from 40. */
static struct craft_disk make_disk(uint32_t sector)
{
	struct craft_disk disk = craft_disk_new(DISK, sector);

	craft_gpt(&disk);
	craft_gpt_entry(&disk, 0, CRAFT_EFI, 40, 49, "EFI system partition");
	craft_gpt_entry(&disk, 2, CRAFT_BASIC_DATA, 50, 99, "C");
	return disk;
}

static void is_made_disk(const struct read_table *read, uint32_t sector, const char *what)
{
	check_table(read, PARTITION_GPT, sector, 2, what);
	check_partition(read, 0, 1, 40ULL * sector, 10ULL * sector, what);
	check_partition(read, 1, 3, 50ULL * sector, 50ULL * sector, what);
}

static void test_plain(uint32_t sector)
{
	struct craft_disk disk = make_disk(sector);
	static const uint32_t hints[] = {0, 512, 4096};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		struct read_table read = check_read(&disk, hints[i]);
		const struct partition *partition = read.table->partitions;

		is_made_disk(&read, sector, "plain");
		check_notes(&read, 0, NULL, "plain");
		is_text(guid_format(&read.table->disk_id).text,
			"11223344-5566-7788-99AA-BBCCDDEEFF00", "disk's GUID");
		is_text(partition[0].name, "EFI system partition", "name");
		is_text(partition_type_name(read.table, &partition[0]), "EFI system", "type");
		is_text(partition_type_name(read.table, &partition[1]), "basic data", "type");
		is_text(guid_format(&partition[1].id).text, "C2C2C2C2-C2C2-C2C2-C2C2-C2C2C2C2C2C2",
			"partition's GUID");
		ok(!partition[0].clipped && partition[0].size_in_table == partition[0].size,
		   "not cut");
		check_done(&read);
	}
	free(disk.data);
}

/* Zero some bytes of a copy: in the header, its signature, or the entries. */
static void damage(const struct craft_disk *disk, uint64_t header, unsigned int place)
{
	uint64_t entries = craft_get_le(craft_at(disk, header) + 72, 8);

	switch (place) {
	case 0:
		memset(craft_at(disk, header), 0, disk->sector);
		break;
	case 1:
		craft_at(disk, header)[60] ^= 0xff;
		break;
	default:
		/* the first entry's end, far past the disk */
		memset(craft_at(disk, entries) + 40, 0x7f, 8);
		break;
	}
}

static void test_damaged_primary(uint32_t sector)
{
	for (unsigned int place = 0; place < 3; place++) {
		struct craft_disk disk = make_disk(sector);
		struct read_table read;

		damage(&disk, 1, place);
		read = check_read(&disk, 0);
		is_made_disk(&read, sector, "primary damaged");
		check_notes(&read, 1, "the primary GPT is damaged or missing", "primary damaged");
		check_done(&read);
		free(disk.data);
	}
}

static void test_damaged_backup(uint32_t sector)
{
	for (unsigned int place = 0; place < 3; place++) {
		struct craft_disk disk = make_disk(sector);
		struct read_table read;

		damage(&disk, craft_last_sector(&disk), place);
		read = check_read(&disk, 0);
		is_made_disk(&read, sector, "backup damaged");
		check_notes(&read, 1, "the backup GPT is damaged or missing", "backup damaged");
		check_done(&read);
		free(disk.data);
	}
}

static void test_both_damaged(uint32_t sector)
{
	struct craft_disk disk = make_disk(sector);
	uint64_t last = craft_last_sector(&disk);
	struct read_table read;

	/* headers of which only the disk's GUID is wrong still describe the entries */
	damage(&disk, 1, 1);
	damage(&disk, last, 1);
	read = check_read(&disk, 0);
	is_made_disk(&read, sector, "both headers");
	check_notes(&read, 2, "header of the GPT has a wrong checksum", "both headers");
	check_done(&read);
	/* the entries of the backup are good: they are better than those of the primary */
	damage(&disk, 1, 2);
	read = check_read(&disk, 0);
	is_made_disk(&read, sector, "the better one");
	check_notes(&read, 2, "the backup in sector", "the better one");
	check_done(&read);
	damage(&disk, last, 0);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_GPT, sector, 2, "one damaged copy left");
	check_partition(&read, 1, 3, 50ULL * sector, 50ULL * sector, "one damaged copy left");
	check_notes(&read, 5, "entries of the GPT have a wrong checksum", "one damaged copy left");
	ok(read.table->partitions[0].clipped, "a damaged entry is clipped");
	check_done(&read);
	damage(&disk, 1, 0);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_NONE, 512, 1, "nothing left");
	check_notes(&read, 1, "neither copy", "nothing left");
	check_done(&read);
	free(disk.data);
}

static void test_differing(uint32_t sector)
{
	struct craft_disk disk = make_disk(sector);
	uint64_t last = craft_last_sector(&disk);
	struct read_table read;

	craft_gpt_entry_in(&disk, last, 5, CRAFT_BASIC_DATA, 100, 101, "late");
	craft_gpt_seal(&disk, last);
	read = check_read(&disk, 0);
	is_made_disk(&read, sector, "copies differ");
	check_notes(&read, 1, "differs from the primary", "copies differ");
	check_done(&read);
	/* a copy of the primary in the backup's place is not a backup */
	memcpy(craft_at(&disk, last), craft_at(&disk, 1), sector);
	read = check_read(&disk, 0);
	is_made_disk(&read, sector, "primary twice");
	check_notes(&read, 1, "the backup GPT is damaged", "primary twice");
	check_done(&read);
	free(disk.data);
}

/* The image ends early, or goes on after the disk. */
static void test_sizes(uint32_t sector)
{
	struct craft_disk disk = make_disk(sector);
	struct craft_disk longer = craft_disk_new(DISK + 65536, sector);
	struct read_table read;

	memcpy(longer.data, disk.data, DISK);
	disk.size = 60ULL * sector;
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_GPT, sector, 2, "cut off");
	check_partition(&read, 1, 3, 50ULL * sector, 10ULL * sector, "cut off");
	check_notes(&read, 2, "the disk is cut off: its GPT was made for 1048576 bytes", "cut off");
	ok(craft_noted(&read.notes, "partition 3 is cut off"), "cut off: says which partition");
	ok(read.table->partitions[1].clipped, "cut off: clipped");
	is(read.table->partitions[1].size_in_table, 50ULL * sector,
	   "cut off: size as the table has it");
	check_done(&read);
	disk.size = 50ULL * sector;
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_GPT, sector, 1, "cut off before the second");
	check_notes(&read, 2, "partition 3 begins past the end", "cut off before the second");
	check_done(&read);
	read = check_read(&longer, 0);
	is_made_disk(&read, sector, "grown");
	check_notes(&read, 0, NULL, "grown");
	check_done(&read);
	damage(&longer, 1, 0);
	read = check_read(&longer, 0);
	is_made_disk(&read, sector, "grown, primary lost: found by the protective MBR");
	check_done(&read);
	memcpy(longer.data, disk.data, 2 * (size_t)sector);
	craft_mbr_entry(longer.data, 0, 0xee, 1, UINT32_MAX);
	damage(&longer, 1, 2);
	read = check_read(&longer, 0);
	is_made_disk(&read, sector, "grown, entries lost: found by the primary header");
	check_done(&read);
	free(longer.data);
	free(disk.data);
}

static void test_mbr_beside(uint32_t sector)
{
	struct craft_disk disk = make_disk(sector);
	struct read_table read;

	craft_mbr_entry(disk.data, 1, 0x07, 50, 50);
	read = check_read(&disk, 0);
	is_made_disk(&read, sector, "hybrid");
	check_notes(&read, 1, "the MBR is a hybrid", "hybrid");
	check_done(&read);
	memset(disk.data, 0, 512);
	read = check_read(&disk, 0);
	is_made_disk(&read, sector, "MBR zeroed");
	check_notes(&read, 1, "protective MBR is damaged or missing", "MBR zeroed");
	check_done(&read);
	damage(&disk, 1, 0);
	read = check_read(&disk, 0);
	is_made_disk(&read, sector, "all zeros but the backup");
	check_notes(&read, 2, "the primary GPT is damaged", "all zeros but the backup");
	check_done(&read);
	craft_mbr_entry(disk.data, 0, 0x07, 100, 20);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_MBR, 512, 1, "MBR over a stale backup GPT");
	check_notes(&read, 1, "a GPT on the disk is ignored", "MBR over a stale backup GPT");
	check_done(&read);
	free(disk.data);
}

/* Which counts and sizes of entries a header may have: the product bounds an allocation. */
static const struct {
	uint32_t count;
	uint32_t size;
	bool good;
} array_sizes[] = {
	{1, 128, true},
	{128, 128, true},
	{GPT_ARRAY_MAX / 128, 128, true},
	{GPT_ARRAY_MAX / 4096, 4096, true},
	{128, 256, true},
	{0, 128, false},
	{128, 0, false},
	{GPT_ARRAY_MAX / 128 + 1, 128, false},
	{GPT_ARRAY_MAX / 4096 + 1, 4096, false},
	{128, 64, false},
	{128, 129, false},
	{128, 384, false},
	{1, 8192, false},
	{UINT32_MAX, 128, false},
	{1, UINT32_MAX, false},
	{1U << 25, 128, false},
	{1, 1U << 31, false},
};

static void test_header(void)
{
	struct craft_disk disk = make_disk(512);
	uint8_t *data = craft_at(&disk, 1);
	struct gpt_header header;

	for (size_t i = 0; i < sizeof(array_sizes) / sizeof(array_sizes[0]); i++) {
		uint32_t count = array_sizes[i].count;
		uint32_t size = array_sizes[i].size;

		craft_le(data + 80, count, 4);
		craft_le(data + 84, size, 4);
		is(gpt_header_parse(data, 512, &header), array_sizes[i].good,
		   "%u entries of %u bytes", count, size);
		if (array_sizes[i].good)
			is(gpt_array_size(&header), (uint64_t)count * size, "their size");
	}
	craft_le(data + 80, CRAFT_ENTRIES, 4);
	craft_le(data + 84, CRAFT_ENTRY_SIZE, 4);
	ok(gpt_header_parse(data, 92, &header) && header.crc_good, "92 bytes are enough");
	ok(!gpt_header_parse(data, 91, &header), "91 are not");
	free(disk.data);
}

static void test_entry(void)
{
	struct craft_disk disk = make_disk(512);
	const uint8_t *data = craft_at(&disk, 2);
	struct gpt_entry entry;

	ok(gpt_entry_parse(data, 128, &entry) && entry.first == 40 && entry.last == 49, "entry");
	ok(!gpt_entry_parse(data, 127, &entry), "127 bytes are not an entry");
	ok(!gpt_entry_parse(data + 128, 128, &entry), "an unused entry");
	free(disk.data);
}

/* Field by field what no table holds, with right checksums. */
static void test_hostile(uint32_t sector)
{
	static const struct {
		size_t offset;
		size_t size;
		uint64_t value;
	} fields[] = {
		{12, 4, 91},	     {12, 4, 4097},	  {12, 4, UINT32_MAX}, {72, 8, UINT64_MAX},
		{72, 8, 1ULL << 52}, {72, 8, DISK / 512}, {80, 4, 0},	       {80, 4, UINT32_MAX},
		{80, 4, 1 << 20},    {84, 4, 0},	  {84, 4, 64},	       {84, 4, 129},
		{84, 4, 384},	     {84, 4, 8192},	  {84, 4, UINT32_MAX},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct craft_disk disk = make_disk(sector);
		uint8_t *header = craft_at(&disk, 1);
		struct read_table read;

		craft_le(header + fields[i].offset, fields[i].value, fields[i].size);
		memset(header + 16, 0, 4);
		craft_le(header + 16, crc32_compute(header, 92), 4);
		read = check_read(&disk, 0);
		is_made_disk(&read, sector, "hostile header");
		check_notes(&read, 1, "the primary GPT is damaged", "hostile header");
		check_done(&read);
		free(disk.data);
	}
}

/* A terminal escape, then a lone surrogate, in the name without an end of entry 6. */
static void put_unsafe_name(struct craft_disk *disk)
{
	static const uint8_t unsafe[] = {0x1b, 0, '[', 0, 0x3d, 0xd8};

	for (size_t copy = 0; copy < COPIES; copy++) {
		uint64_t header = copy == 0 ? 1 : craft_last_sector(disk);
		uint8_t *name = craft_at(disk, craft_get_le(craft_at(disk, header) + 72, 8)) +
				6ULL * CRAFT_ENTRY_SIZE + 56;

		memset(name, 'x', 72);
		memcpy(name, unsafe, sizeof(unsafe));
		craft_gpt_seal(disk, header);
	}
}

static void test_hostile_entries(uint32_t sector)
{
	struct craft_disk disk = craft_disk_new(DISK, sector);
	struct read_table read;

	craft_gpt(&disk);
	craft_gpt_entry(&disk, 0, CRAFT_EFI, 0, UINT64_MAX, "the whole world");
	craft_gpt_entry(&disk, 1, CRAFT_EFI, 50, 49, "ends before it begins");
	craft_gpt_entry(&disk, 2, CRAFT_EFI, UINT64_MAX, UINT64_MAX, "far");
	craft_gpt_entry(&disk, 3, CRAFT_EFI, 1ULL << 55, 1ULL << 56, "wraps");
	craft_gpt_entry(&disk, 4, CRAFT_EFI, 60, UINT64_MAX, "endless");
	craft_gpt_entry(&disk, 5, CRAFT_EFI, 70, 79, "within");
	craft_gpt_entry(&disk, 6, "12345678-1234-1234-1234-123456789ABC", 35, 35, "");
	put_unsafe_name(&disk);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_GPT, sector, 3, "hostile entries");
	check_partition(&read, 0, 5, 60ULL * sector, DISK - 60ULL * sector, "hostile entries");
	check_partition(&read, 1, 6, 70ULL * sector, 10ULL * sector, "hostile entries");
	check_partition(&read, 2, 7, 35ULL * sector, sector, "hostile entries");
	ok(craft_noted(&read.notes, "partition 1 is skipped") &&
		   craft_noted(&read.notes, "partition 2 is skipped") &&
		   craft_noted(&read.notes, "partition 3 begins past") &&
		   craft_noted(&read.notes, "partition 4 begins past") &&
		   craft_noted(&read.notes, "partition 5 is cut off") &&
		   craft_noted(&read.notes, "partitions 5 and 6 overlap"),
	   "hostile entries: a warning for each");
	is(read.table->partitions[0].size_in_table, UINT64_MAX, "a size that does not fit");
	ok(strncmp(read.table->partitions[2].name, "?[\xef\xbf\xbd", 5) == 0, "a safe name");
	is_text(partition_type_name(read.table, &read.table->partitions[2]), "unknown", "its type");
	check_done(&read);
	free(disk.data);
}

/* Other shapes that the specification allows: long entries, many, few, a header that fills its
 * sector. */
static void test_shapes(uint32_t sector)
{
	static const struct {
		uint32_t count;
		uint32_t size;
	} shapes[] = {{4, 128}, {2048, 128}, {128, 256}, {16, 4096}, {1, 128}};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct craft_disk disk = craft_disk_new(DISK, sector);
		uint8_t *header = craft_at(&disk, 1);
		uint32_t last = shapes[i].count - 1;
		struct read_table read;

		craft_gpt(&disk);
		memset(craft_at(&disk, craft_last_sector(&disk)), 0, sector);
		craft_le(header + 12, sector, 4);
		craft_le(header + 80, shapes[i].count, 4);
		craft_le(header + 84, shapes[i].size, 4);
		craft_gpt_entry_in(&disk, 1, last, CRAFT_BASIC_DATA, 200, 201, "last");
		craft_gpt_seal(&disk, 1);
		read = check_read(&disk, 0);
		check_table(&read, PARTITION_GPT, sector, 1, "shape");
		check_partition(&read, 0, last + 1, 200ULL * sector, 2ULL * sector, "shape");
		check_done(&read);
		free(disk.data);
	}
}

/* More entries in use than are kept. */
static void test_too_many(void)
{
	struct craft_disk disk = craft_disk_new(DISK, 512);
	uint8_t *header = craft_at(&disk, 1);
	struct read_table read;

	craft_gpt(&disk);
	craft_le(header + 80, 1500, 4);
	for (unsigned int i = 0; i < 1500; i++)
		craft_gpt_entry_in(&disk, 1, i, CRAFT_BASIC_DATA, 500 + i, 500 + i, "");
	craft_gpt_seal(&disk, 1);
	read = check_read(&disk, 0);
	check_table(&read, PARTITION_GPT, 512, PARTITION_MAX, "too many");
	check_partition(&read, PARTITION_MAX - 1, PARTITION_MAX, (499ULL + PARTITION_MAX) * 512,
			512, "too many");
	check_notes(&read, 2, "more than 1024 partitions", "too many");
	check_done(&read);
	free(disk.data);
}

/* Sectors of the primary that cannot be read: the backup serves. */
static void test_unreadable(uint32_t sector)
{
	struct craft_disk disk = make_disk(sector);
	struct source *memory = craft_source(&disk);
	uint64_t bad[] = {1, 2};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fault_rule rule = {.action = FAULT_ERROR,
					  .offset = bad[i] * sector,
					  .length = sector,
					  .errnum = EIO};
		struct source *fault = NULL;
		struct read_table read;

		must(fault_new(memory, &fault) == 0);
		fault_add(fault, &rule);
		read = check_read_source(fault);
		is_made_disk(&read, sector, "unreadable primary");
		check_notes(&read, 1, "the primary GPT is damaged", "unreadable primary");
		check_done(&read);
		source_unref(fault);
	}
	source_unref(memory);
	free(disk.data);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(sector_sizes) / sizeof(sector_sizes[0]); i++) {
		test_plain(sector_sizes[i]);
		test_damaged_primary(sector_sizes[i]);
		test_damaged_backup(sector_sizes[i]);
		test_both_damaged(sector_sizes[i]);
		test_differing(sector_sizes[i]);
		test_sizes(sector_sizes[i]);
		test_mbr_beside(sector_sizes[i]);
		test_hostile(sector_sizes[i]);
		test_hostile_entries(sector_sizes[i]);
		test_shapes(sector_sizes[i]);
		test_unreadable(sector_sizes[i]);
	}
	test_header();
	test_entry();
	test_too_many();
	return tap_done();
}
