/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encrypt-on-write volumes with damaged bitmaps, records and descriptors: nothing is made up, and
 * salvage serves what does not depend on them.
 */
#include "tests/eow_check.h"
#include "tests/fault.h"

/* ------------------------------------------------------------------ records */

static size_t record(unsigned int region, unsigned int index)
{
	return made_eow_bitmap(region) + (index ? MADE_EOW_RECORD_2 : MADE_EOW_RECORD_1);
}

static void swap_records(struct made *made, unsigned int region)
{
	uint8_t bytes[MADE_EOW_RECORD_SIZE];

	memcpy(bytes, made->disk + record(region, 0), sizeof(bytes));
	memcpy(made->disk + record(region, 0), made->disk + record(region, 1), sizeof(bytes));
	memcpy(made->disk + record(region, 1), bytes, sizeof(bytes));
}

static void set_sequence(struct made *made, unsigned int region, unsigned int index, uint64_t value)
{
	made_put(made->disk + record(region, index) + 20, value, 8);
	made_eow_seal_record(made, record(region, index));
}

static void test_records(void)
{
	struct made *made = fresh();

	swap_records(made, 0);
	swap_records(made, 3);
	accepts(made, "the newer record in the second place");

	made = fresh();
	set_sequence(made, 2, 0, UINT64_MAX);
	accepts(made, "a sequence number without a sign");

	made = fresh();
	set_sequence(made, 2, 0, 7);
	loses(made, 2, "disagree", "two records of one number");

	made = fresh();
	memcpy(made->disk + record(2, 1), made->disk + record(2, 0), MADE_EOW_RECORD_SIZE);
	accepts(made, "two records that are the same");

	made = fresh();
	made->disk[record(2, 1) + 40] ^= 1;
	accepts(made, "the older record is damaged");
}

static void test_lost_records(void)
{
	struct made *made = fresh();

	made->disk[record(2, 0) + 40] ^= 1;
	loses(made, 2, "may be the newer one", "the newer record is damaged");

	made = fresh();
	memset(made->disk + record(2, 1), 0, MADE_EOW_RECORD_SIZE);
	loses(made, 2, "may be the newer one", "a record is gone");

	made = fresh();
	made->disk[record(3, 0) + 36] ^= 1;
	made->disk[record(3, 1) + 36] ^= 1;
	loses(made, 3, "neither of its records", "both records are damaged");

	made = fresh();
	made->disk[record(1, 0) + 36] ^= 1;
	made->disk[record(1, 1) + 36] ^= 1;
	loses(made, 1, "neither of its records", "the header's records are damaged");
}

/* What a structure says in one field instead; no bytes: only its checksum is wrong. */
struct field {
	size_t at;
	uint64_t value;
	size_t bytes;
	const char *want;
};

static void put_field(struct made *made, size_t structure, const struct field *field,
		      void (*seal)(struct made *made, size_t at))
{
	made_put(made->disk + structure + field->at, field->value, field->bytes);
	if (field->bytes > 0)
		seal(made, structure);
	else
		made->disk[structure + 60] ^= 1;
}

/* Each field that makes a record one, with its checksum right. */
static void test_record_fields(void)
{
	static const struct field fields[] = {
		{8, 'X', 1, "a record's signature"},
		{10, 40, 2, "a record's header size"},
		{12, MADE_EOW_RECORD_SIZE - 4, 4, "a record's size"},
		{16, 13, 4, "a record's number of bits"},
		{16, 15, 4, "a record's number of bits, one more"},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct made *made = fresh();

		for (unsigned int k = 0; k < 2; k++)
			put_field(made, record(2, k), &fields[i], made_eow_seal_record);
		loses(made, 2, "neither of its records", fields[i].want);
	}
}

/* ------------------------------------------------------------------ bitmaps */

static void test_bitmaps(void)
{
	static const struct field fields[] = {
		{0, 'X', 1, "there is no bitmap"},
		{10, 56, 2, "the header's size"},
		{12, 0x3ff, 4, "the place of a record"},
		{12, UINT32_MAX, 4, "the size is impossible"},
		{16, 3, 4, "it is another bitmap"},
		{20, 0x31e00, 8, "overlaps the one before"},
		{20, 0x32001, 8, "its region is impossible"},
		{20, UINT64_MAX, 8, "its region is impossible"},
		{28, 0, 8, "its region is impossible"},
		{28, UINT64_MAX - 511, 8, "its region is impossible"},
		{36, 0, 8, "the place of its conversion log"},
		{36, 0x123, 8, "the place of its conversion log"},
		{36, UINT64_MAX - 511, 8, "the place of its conversion log"},
		{44, 0, 4, "the place of a record"},
		{48, 0x401, 4, "the place of a record"},
		{52, 36, 4, "the size of a record"},
		{52, 0x601, 4, "the size of a record"},
		{56, 0, 0, "checksum"},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct made *made = fresh();

		put_field(made, made_eow_bitmap(2), &fields[i], made_eow_seal_bitmap);
		refuses(made, fields[i].want, fields[i].want);
		free(made);
	}
}

/* Where neither start nor end is known, the gap between its neighbours is lost. */
static void test_lost_bitmap(void)
{
	struct made *made = fresh();
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume;

	memset(made->disk + made_eow_bitmap(2), 0, 512);
	refuses(made, "there is no bitmap", "a bitmap is gone");
	volume = open_made(made, BDE_SALVAGE, &notes, NULL);
	must(volume);
	ok(right_but(volume, made, made_eow_edges[2], made_eow_edges[3]),
	   "  salvaged: all but the gap that it leaves");
	source_unref(volume);

	memset(made->disk + made_eow_bitmap(3), 0, 512);
	volume = open_made(made, BDE_SALVAGE, &notes, NULL);
	must(volume);
	ok(right_but(volume, made, made_eow_edges[2], MADE_SIZE), "  and with the last one gone");
	source_unref(volume);
	free(made);
}

/*
 * The structures of a lost bitmap are in a region that is known: no file is there, and their size
 * is not known.
 */
static void test_lost_structures(void)
{
	struct made *made = fresh();
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume;
	size_t bitmap = made_eow_bitmap(3);
	uint8_t buffer[512];
	unsigned int wrong = 0;

	must(bitmap >= made_eow_edges[2] && bitmap < made_eow_edges[3]);
	memset(made->disk + bitmap, 0xa5, 512);
	volume = open_made(made, BDE_SALVAGE, &notes, NULL);
	must(volume);
	is(source_pread(volume, buffer, 512, bitmap), -EIO, "a lost bitmap's own place: refused");
	is(source_pread(volume, buffer, 512, bitmap + MADE_EOW_RECORD_2), -EIO,
	   "  and its records");
	for (uint64_t at = 0; at < MADE_SIZE; at += 512)
		wrong += source_pread(volume, buffer, 512, at) == 0 &&
			 memcmp(buffer, made->plain + at, 512) != 0;
	is(wrong, 0, "  nothing is wrong");
	is(source_pread(volume, buffer, 512, bitmap - 512), 0, "  what is before it is read");
	source_unref(volume);
	free(made);
}

/* A log in the volume's first bytes, which are a file system's: salvaged, they stay as they are. */
static void test_log_over_header(void)
{
	struct made *made = fresh();
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume;
	uint8_t buffer[MADE_HEADER_SIZE];

	made_put(made->disk + made_eow_bitmap(2) + 36, 0x400, 8);
	made_eow_seal_bitmap(made, made_eow_bitmap(2));
	volume = open_made(made, BDE_SALVAGE, &notes, NULL);
	must(volume);
	ok(source_pread(volume, buffer, sizeof(buffer), 0) == 0 &&
		   memcmp(buffer, made->plain, sizeof(buffer)) == 0,
	   "no structure is laid over the volume's first bytes");
	source_unref(volume);
	free(made);
}

/* A region that ends before the volume does: nothing says what the rest is. */
static void test_short_tiling(void)
{
	struct made *made = fresh();
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume;

	made_put(made->disk + made_eow_bitmap(3) + 28, MADE_SIZE - 0x8000 - made_eow_edges[3], 8);
	made_eow_seal_bitmap(made, made_eow_bitmap(3));
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *count = made->disk + record(3, i) + 16;

		made_put(count, count[0] - 1U, 4);
		made_eow_seal_record(made, record(3, i));
	}
	volume = open_made(made, 0, &notes, NULL);
	must(volume);
	ok(right_but(volume, made, MADE_SIZE - 0x8000, MADE_SIZE),
	   "no region for the end: refused");
	is(notes.count, 1, "  with a warning");
	source_unref(volume);
	free(made);
}

/* --------------------------------------------------------------- descriptor */

static const struct field descriptor_fields[] = {
	{0, 'X', 1, "there is no descriptor"},
	{8, 48, 2, "the header's size"},
	{10, 56, 2, "the size is impossible"},
	{12, 1024, 4, "the sector size"},
	{20, 0, 4, "the chunk size"},
	{20, 0x8100, 4, "the chunk size"},
	{20, 0x80000000, 4, "the chunk size"},
	{24, 1024, 4, "the size of the log"},
	{28, 512, 4, "the size of a log entry"},
	{28, 2049, 4, "the size of a log entry"},
	{32, 0, 4, "the size is impossible"},
	{32, UINT32_MAX, 4, "the size is impossible"},
	{56, 0, 0, "checksum"},
};

static void test_descriptors(void)
{
	struct made *made = fresh();

	made->disk[MADE_EOW_COPY_1 + 60] ^= 1;
	accepts(made, "the first descriptor is damaged");
	made = fresh();
	memset(made->disk + MADE_EOW_COPY_2, 0, 512);
	accepts(made, "the second descriptor is gone");
	made = fresh();
	made_put(made->disk + MADE_EOW_COPY_2 + 56, made_eow_bitmap(1), 8);
	made_eow_seal_descriptor(made, MADE_EOW_COPY_2);
	refuses(made, "differ", "the descriptors differ");
	free(made);
	made = fresh();
	for (size_t at = MADE_EOW_COPY_1; at <= MADE_EOW_COPY_2; at += 0x1000) {
		made_put(made->disk + at + 40, MADE_EOW_COPY_1 + 0x8000, 8);
		made_put(made->disk + at + 48, MADE_EOW_COPY_2 + 0x8000, 8);
		made_eow_seal_descriptor(made, at);
	}
	refuses(made, "it names other places than its own", "descriptors of another place");
	free(made);
}

static void test_descriptor_fields(void)
{
	for (size_t i = 0; i < sizeof(descriptor_fields) / sizeof(descriptor_fields[0]); i++) {
		const struct field *field = &descriptor_fields[i];
		struct made *made = fresh();

		for (size_t at = MADE_EOW_COPY_1; at <= MADE_EOW_COPY_2; at += 0x1000)
			put_field(made, at, field, made_eow_seal_descriptor);
		refuses(made, field->want, field->want);
		free(made);
	}
}

/* Nothing says what is encrypted: with salvage the header is, if a boot sector comes out of it. */
static void test_no_descriptor(void)
{
	static const uint8_t boot[11] = {0xeb, 0x52, 0x90, 'N', 'T', 'F', 'S', ' ', ' ', ' ', ' '};

	for (unsigned int encrypted = 0; encrypted < 3; encrypted++) {
		struct made *made = fresh();
		struct notes notes CLEANUP(notes_clear) = {0};
		struct source *volume;
		uint8_t buffer[MADE_HEADER_SIZE];

		if (encrypted < 2)
			memcpy(made->plain, boot, sizeof(boot));
		memcpy(made->disk + MADE_HEADER_AT, made->plain, MADE_HEADER_SIZE);
		for (size_t at = 0; encrypted && at < MADE_HEADER_SIZE; at += 512)
			made_encrypt_sector(METHOD, made->fvek, MADE_HEADER_AT + at,
					    made->disk + MADE_HEADER_AT + at, 512);
		memset(made->disk + MADE_EOW_COPY_1, 0, 512);
		memset(made->disk + MADE_EOW_COPY_2, 0, 512);
		volume = open_made(made, BDE_SALVAGE, &notes, NULL);
		must(volume);
		is(source_pread(volume, buffer, sizeof(buffer), 0), encrypted < 2 ? 0 : -EIO,
		   "no descriptor, header %u", encrypted);
		ok(encrypted == 2 || memcmp(buffer, made->plain, sizeof(buffer)) == 0, "  right");
		is(source_pread(volume, buffer, 1, MADE_HEADER_SIZE), -EIO, "  nothing else");
		source_unref(volume);
		free(made);
	}
}

/* ---------------------------------------------------------------- bad disks */

static void test_unreadable(void)
{
	static const struct {
		uint64_t offset;
		uint64_t length;
		const char *name;
		bool served;
	} spots[] = {
		{MADE_EOW_COPY_1, 512, "the first descriptor", true},
		{MADE_EOW_BITMAPS + 0xa000 + MADE_EOW_RECORD_2, 512, "an older record", false},
		{MADE_EOW_BITMAPS + MADE_EOW_BITMAP_SIZE, 512, "the bytes after a bitmap", true},
		{MADE_EOW_BITMAPS + MADE_EOW_LOG, 512, "a log's header", true},
		/* the chunk under way may be in one of them */
		{MADE_EOW_BITMAPS + 0x14000 + MADE_EOW_LOG + 512, 4096, "a log's entries", false},
	};

	for (size_t i = 0; i < sizeof(spots) / sizeof(spots[0]); i++) {
		struct made *made = fresh();
		struct source *below = memory(made);
		struct source *fault = NULL;
		struct fault_rule rule = {.action = FAULT_ERROR,
					  .offset = spots[i].offset,
					  .length = spots[i].length,
					  .errnum = EIO};
		struct source *volume;

		must(fault_new(below, &fault) == 0);
		fault_add(fault, &rule);
		volume = open_on(fault, 0, NULL, NULL, NULL);
		is(volume != NULL, spots[i].served, "%s cannot be read", spots[i].name);
		fault_clear(fault);
		ok(!volume || all_right(volume, made), "  right");
		source_unref(volume);
		source_unref(fault);
		source_unref(below);
		free(made);
	}
}

int main(void)
{
	test_records();
	test_lost_records();
	test_record_fields();
	test_bitmaps();
	test_lost_bitmap();
	test_lost_structures();
	test_log_over_header();
	test_short_tiling();
	test_descriptors();
	test_descriptor_fields();
	test_no_descriptor();
	test_unreadable();
	return tap_done();
}
