/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the metadata of a volume: what is shown, which copy is taken, and hostile numbers in
 * every field with a right checksum.
 */
#include "bde/bde.h"

#include <errno.h>

#include "disk/memory.h"
#include "tests/bde_made.h"
#include "tests/fault.h"
#include "tests/tap.h"

static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};

/* The disk itself, not a copy: thousands are tried here. */
struct borrowed {
	struct source head;
	const struct made *made;
};

static int borrowed_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	memcpy(buffer, ((const struct borrowed *)source)->made->disk + offset, length);
	return 0;
}

static void borrowed_close(struct source *source)
{
	free(source);
}

static struct source *as_source(const struct made *made)
{
	static const struct source_ops ops = {
		.name = "borrowed",
		.pread = borrowed_pread,
		.close = borrowed_close,
	};
	struct borrowed *borrowed = calloc(1, sizeof(*borrowed));

	must(borrowed);
	source_init(&borrowed->head, &ops, MADE_SIZE, 0);
	borrowed->made = made;
	return &borrowed->head;
}

/* Read it; err and notes are the caller's to look at. NULL when refused. */
static struct bde_metadata *read_made(const struct made *made, struct notes *notes, struct err *err)
{
	struct source *source = as_source(made);
	struct bde_metadata *metadata = NULL;

	memset(err, 0, sizeof(*err));
	if (bde_metadata_read(source, 0, notes, &metadata, err) < 0)
		metadata = NULL;
	source_unref(source);
	return metadata;
}

static bool told(const struct notes *notes, const char *want)
{
	for (size_t i = 0; i < notes->count; i++) {
		if (strstr(notes->text[i], want))
			return true;
	}
	return false;
}

static void test_info(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_256, 512, MADE_BEK | MADE_CLEAR);
	struct source *source = as_source(made);
	struct notes notes = {0};
	struct err err;
	struct bde_metadata *metadata = read_made(made, &notes, &err);
	const struct bde_info *info;

	is(bde_probe(source, NULL), 1, "the first sector says BitLocker");
	must(metadata);
	info = bde_metadata_info(metadata);
	is(info->version, 2, "version");
	is(info->method, BDE_METHOD_XTS_256, "method");
	is(info->state, BDE_STATE_SUSPENDED, "a clear key means suspended");
	is(info->sector_size, 512, "sector size");
	is(info->volume_size, MADE_SIZE, "size");
	is(info->header_offset, MADE_HEADER_AT, "place of the header");
	is(info->header_size, MADE_HEADER_SIZE, "size of the header");
	is_text(info->description, "Test", "description");
	is(info->protector_count, 2, "protectors");
	is_text(info->protectors[0].name, "EK", "name of the first");
	is(info->protectors[1].type, BDE_PROTECTOR_CLEAR_KEY, "type of the second");
	ok(memcmp(info->protectors[0].id.bytes, made_bek_id, 16) == 0, "identifier of the first");
	is(notes.count, 0, "nothing to warn of");
	bde_metadata_free(metadata);
	source_unref(source);
	free(made);
}

/* Copies are damaged in each combination; `mask` says which. */
static void test_copies(unsigned int mask)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata;
	unsigned int damaged = 0;
	struct err err;

	for (unsigned int i = 0; i < 3; i++) {
		if (mask & 1U << i) {
			made->disk[copies[i] + 200] ^= 1;
			damaged++;
		}
	}
	metadata = read_made(made, &notes, &err);
	if (mask == 7) {
		ok(!metadata && err.kind == ERR_DISK, "all copies damaged: refused");
		ok(strstr(err.message, "copy 1 at offset 262144: checksum is") &&
			   strstr(err.message, "copy 2 at offset 524288: checksum is") &&
			   strstr(err.message, "copy 3 at offset 786432: checksum is"),
		   "  with offset and problem of each");
	} else {
		must(metadata);
		is(notes.count, damaged, "copies %u damaged: a warning each", mask);
		for (unsigned int i = 0; i < 3; i++)
			is(bde_metadata_info(metadata)->copies[i].valid, !(mask & 1U << i),
			   "  copy %u", i + 1);
	}
	bde_metadata_free(metadata);
	free(made);
}

static void test_boot_place_damaged(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata;
	struct err err;

	made_put(made->disk + 0xb0, UINT64_MAX - 5, 8);
	made_put(made->disk + 0xb8, MADE_SIZE - 100, 8);
	metadata = read_made(made, &notes, &err);
	must(metadata);
	ok(bde_metadata_info(metadata)->copies[2].valid,
	   "two wrong places: the third copy is taken");
	is(notes.count, 4, "warnings of damaged copies and of offsets that differ");
	bde_metadata_free(metadata);
	free(made);
}

/* An old copy at a place that it does not name is not believed about what reads as zeros. */
static void test_stray_copy(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata;
	struct err err;

	memcpy(made->disk + 0x60000, made->disk + MADE_COPY_1, 4096);
	made_put(made->disk + 0xb0, 0x60000, 8);
	metadata = read_made(made, &notes, &err);
	must(metadata);
	ok(!bde_metadata_info(metadata)->copies[0].valid &&
		   bde_metadata_info(metadata)->copies[1].valid,
	   "a copy at an offset that it does not name is skipped");
	ok(told(&notes, "it names other places than its own"), "with a warning");
	bde_metadata_free(metadata);
	free(made);
}

/* A label is shown on terminals. */
static void test_hostile_label(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	uint8_t *label = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata;
	struct err err;

	for (size_t at = MADE_COPY_1; at < MADE_COPY_1 + 4096 && !label; at++) {
		if (memcmp(made->disk + at, "T\0e\0s\0t", 7) == 0)
			label = made->disk + at;
	}
	must(label);
	label[0] = 0x1b;
	label[2] = 0x9b;
	made_seal(made, MADE_COPY_1, true);
	metadata = read_made(made, &notes, &err);
	must(metadata);
	ok(!strpbrk(bde_metadata_info(metadata)->description, "\x1b\x9b") &&
		   strstr(bde_metadata_info(metadata)->description, "st"),
	   "a label is shown without what a terminal acts on");
	bde_metadata_free(metadata);
	free(made);
}

static void test_differing_copies(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata;
	struct err err;

	made->disk[MADE_COPY_2 + 104] ^= 1;
	made_seal(made, MADE_COPY_2, true);
	metadata = read_made(made, &notes, &err);
	must(metadata);
	is(notes.count, 1, "a warning of copies that differ with right checksums");
	bde_metadata_free(metadata);
	free(made);
}

static void test_unreadable_copies(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	struct source *below = as_source(made);
	struct source *fault = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata = NULL;
	struct fault_rule rule = {.offset = MADE_COPY_1, .length = 512, .errnum = EIO};
	struct err err = {0};

	must(fault_new(below, &fault) == 0);
	fault_add(fault, &rule);
	is(bde_metadata_read(fault, 0, &notes, &metadata, &err), 0, "a copy that cannot be read");
	ok(told(&notes, "cannot be read"), "with a message");
	bde_metadata_free(metadata);
	metadata = NULL;
	rule.offset = 0;
	rule.length = MADE_SIZE;
	fault_add(fault, &rule);
	is(bde_probe(fault, &err), -EIO, "a first sector that cannot be read");
	is(bde_metadata_read(fault, 0, NULL, &metadata, &err), -EIO, "is not a volume");
	is(err.kind, ERR_DISK, "and the disk is at fault");
	source_unref(fault);
	source_unref(below);
	free(made);
}

/* ------------------------------------------------------------------ hostile */

/*
 * Read all of the volume, which may say that it is longer than its bytes: the rest is not made up.
 */
static int reads(struct source *volume, const struct made *made, bool *ret_right, bool *ret_good)
{
	static uint8_t plain[MADE_SIZE];
	size_t size = volume->size < MADE_SIZE ? (size_t)volume->size : MADE_SIZE;
	int result = source_pread(volume, plain, size, 0);

	*ret_right = result == 0 && memcmp(plain, made->plain, size) == 0;
	*ret_good = result == 0 || result == -EIO;
	if (volume->size > MADE_SIZE)
		*ret_good = *ret_good && source_pread(volume, plain, 1, MADE_SIZE) == -EIO;
	return result;
}

/*
 * Set a field in all copies, repair CRC and hash, and do all that can be done with the volume. True
 * when that ends in an error with words or in a volume of no more than its bytes.
 */
static bool survives(struct made *made, size_t at, uint64_t value, size_t bytes, bool *ret_refused,
		     bool *ret_right)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_key *key = NULL;
	struct bde_unlocked *unlocked = NULL;
	const struct bde_protector *protector = NULL;
	struct source *source = NULL;
	struct source *volume = NULL;
	struct bde_metadata *metadata;
	struct err err;
	bool good;
	int result = -1;

	for (size_t i = 0; i < 3; i++) {
		made_put(made->disk + copies[i] + at, value, bytes);
		made_seal(made, copies[i], true);
	}
	source = as_source(made);
	metadata = read_made(made, &notes, &err);
	must(bde_key_clear(&key, NULL) == 0);
	if (metadata)
		result = bde_unlock(metadata, key, &unlocked, &protector, &err);
	if (result == 0)
		result = bde_volume_open(source, metadata, unlocked, 0, NULL, &volume, &err);
	if (result == 0)
		result = reads(volume, made, ret_right, &good);
	else
		good = err.kind != ERR_NONE && err.message[0] != '\0';
	*ret_refused = result != 0;
	source_unref(volume);
	bde_unlocked_free(unlocked);
	bde_key_free(key);
	bde_metadata_free(metadata);
	source_unref(source);
	return good;
}

enum outcome {
	REFUSED, /* whatever else it says */
	RIGHT,	 /* refused, or it does not matter */
	OBEYED,	 /* the hash vouches for it: what reads as zeros may move */
};

struct field {
	const char *name;
	size_t at; /* in the block */
	size_t bytes;
	enum outcome outcome;
};

static const struct field fields[] = {
	{"size of the block", 8, 2, RIGHT}, /* also decides where the CRC is looked for */
	{"version of the block", 10, 2, REFUSED},
	{"current state", 12, 2, RIGHT}, /* a watermark past the end: all is ciphertext */
	{"next state", 14, 2, REFUSED},
	{"encrypted size", 16, 8, RIGHT},
	{"conversion size", 24, 4, RIGHT},
	{"sectors of the header", 28, 4, RIGHT}, /* 0: a datum says it too */
	{"place of copy 1", 32, 8, OBEYED},
	{"place of copy 2", 40, 8, OBEYED},
	{"place of copy 3", 48, 8, OBEYED},
	{"place of the header", 56, 8, RIGHT}, /* the same */
	{"size of the metadata", 64, 4, REFUSED},
	{"version of the metadata", 68, 4, REFUSED},
	{"size of the metadata header", 72, 4, REFUSED},
	{"method", 100, 2, REFUSED},
};

/* As `original` again: faster than to make another, or to copy into memory that is new. */
static void restore(struct made *made, const struct made *original)
{
	memcpy(made->disk, original->disk, sizeof(made->disk));
}

static bool try_field(struct made *made, const struct field *field, uint64_t value)
{
	uint8_t was[8];
	uint8_t is_now[8];
	bool refused = false;
	bool right = false;
	bool good;

	memcpy(was, made->disk + MADE_COPY_1 + field->at, field->bytes);
	made_put(is_now, value, field->bytes);
	good = survives(made, field->at, value, field->bytes, &refused, &right);
	if (memcmp(was, is_now, field->bytes) == 0)
		good = good && right;
	else if (field->outcome == REFUSED)
		good = good && refused;
	else if (field->outcome == RIGHT)
		good = good && (refused || right);
	if (!good)
		printf("# %s = %#llx\n", field->name, (unsigned long long)value);
	return good;
}

static void test_fields(void)
{
	static const uint64_t values[] = {0,	      1,
					  2,	      3,
					  7,	      8,
					  47,	      511,
					  513,	      MADE_SIZE,
					  0x7fff,     0x8000,
					  0xfff0,     0xffff,
					  0x7fffffff, 0x80000000,
					  0xffffffff, 0xffff0000,
					  INT64_MAX,  1ULL << 63,
					  UINT64_MAX, UINT64_MAX - 0xffff};
	struct made *original = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *field = &fields[i];
		bool good = true;

		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			good = try_field(made, field, values[k]) && good;
			restore(made, original);
		}
		ok(good, "%s: %s", field->name,
		   field->outcome == REFUSED ? "refused" : "no harm done");
	}
	free(made);
	free(original);
}

/* Every byte of the datums, so every nested size and offset, with a few values. */
static void test_datum_bytes(void)
{
	static const uint8_t values[] = {0, 1, 7, 8, 0x7f, 0x80, 0xff};
	struct made *original = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	size_t end = made_block_size(made->disk, MADE_COPY_1);
	unsigned int bad = 0;

	for (size_t at = MADE_DATUMS_AT; at < end; at++) {
		uint8_t was = made->disk[MADE_COPY_1 + at];

		for (size_t k = 0; k < sizeof(values); k++) {
			bool refused = false;
			bool right = false;

			if (values[k] == was)
				continue;
			if (!survives(made, at, values[k], 1, &refused, &right) ||
			    (!refused && !right)) {
				printf("# byte %zu = %u\n", at, values[k]);
				bad++;
			}
			restore(made, original);
		}
	}
	is(bad, 0, "each of %zu bytes of datums: refused or right", end - MADE_DATUMS_AT);
	free(made);
	free(original);
}

static void test_boot_fields(void)
{
	static const size_t fields_at[] = {3, 11, 0xa0, 0xb0, 0xb8, 0xc0};
	static const uint64_t values[] = {0, 1, 513, MADE_SIZE - 1, INT64_MAX, UINT64_MAX};

	for (size_t i = 0; i < sizeof(fields_at) / sizeof(fields_at[0]); i++) {
		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
			struct notes notes CLEANUP(notes_clear) = {0};
			struct bde_metadata *metadata;
			struct err err;

			made_put(made->disk + fields_at[i], values[k], fields_at[i] == 11 ? 2 : 8);
			metadata = read_made(made, &notes, &err);
			ok(metadata || err.kind == ERR_DISK, "boot sector at %zu = %#llx",
			   fields_at[i], (unsigned long long)values[k]);
			bde_metadata_free(metadata);
			free(made);
		}
	}
}

static void test_many_protectors(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, 0);
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata;
	struct err err;
	size_t at = MADE_COPY_1 + MADE_DATUMS_AT;

	memset(made->disk + at, 0, 65536 - MADE_DATUMS_AT);
	for (size_t i = 0; i < 1700; i++, at += 36) {
		made_put(made->disk + at, 36, 2);
		made_put(made->disk + at + 2, 2, 2);
		made_put(made->disk + at + 4, 8, 2);
		made->disk[at + 8] = (uint8_t)i;
	}
	made_put(made->disk + MADE_COPY_1 + 8, (at - MADE_COPY_1 + 15) / 16, 2);
	made_put(made->disk + MADE_COPY_1 + 64, at - MADE_COPY_1 - 64, 4);
	made_seal(made, MADE_COPY_1, true);
	metadata = read_made(made, &notes, &err);
	must(metadata);
	is(bde_metadata_info(metadata)->protector_count, BDE_PROTECTOR_MAX, "1700 protectors");
	ok(told(&notes, "only the first 64"), "with a warning");
	bde_metadata_free(metadata);
	free(made);
}

static void test_not_bitlocker(void)
{
	static const uint8_t nothing[4096];
	struct source *source = NULL;
	struct bde_metadata *metadata = NULL;
	struct err err = {0};

	must(memory_new(nothing, sizeof(nothing), &source) == 0);
	is(bde_probe(source, NULL), 0, "zeros are not BitLocker");
	ok(bde_metadata_read(source, 0, NULL, &metadata, &err) < 0 && err.kind == ERR_DISK,
	   "and are refused");
	source_unref(source);
	must(memory_new("-FVE-FS-", 8, &source) == 0);
	is(bde_probe(source, NULL), 0, "nor are eight bytes");
	ok(bde_metadata_read(source, 0, NULL, &metadata, &err) < 0, "and are refused");
	source_unref(source);
}

/* Recognised, shown, and refused by name when it comes to reading. */
static void shown_but_refused(struct made *made, const char *want)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *source = as_source(made);
	struct source *volume = NULL;
	struct err err;
	struct bde_metadata *metadata = read_made(made, &notes, &err);

	must(metadata);
	is(bde_volume_open(source, metadata, NULL, 0, NULL, &volume, &err), -ENOTSUP, "refused: %s",
	   want);
	if (!ok(strstr(err.message, want) && err.kind == ERR_DISK, "  by name"))
		printf("# got '%s'\n", err.message);
	bde_metadata_free(metadata);
	source_unref(source);
	free(made);
}

static struct made *with_field(size_t at, uint64_t value, size_t bytes)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);

	for (size_t i = 0; i < 3; i++) {
		made_put(made->disk + copies[i] + at, value, bytes);
		made_seal(made, copies[i], true);
	}
	return made;
}

static void test_not_served(void)
{
	static const uint8_t eow[8] = {0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d};
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);

	memcpy(made->disk + 0xa0, eow, sizeof(eow));
	memcpy(made->disk + 0xa8, "\x9e\x4e\xb1\xe3\x28\x4e\xae\xd8", 8);
	shown_but_refused(made, "cannot tell which parts of the volume are encrypted");
	made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	made->disk[0xa0] ^= 1;
	shown_but_refused(made, "of kind 4967D63A-");
	shown_but_refused(made_new_flags(BDE_METHOD_XTS_128, 512, MADE_BEK, 0x10a),
			  "but the boot sector says that there is none");
	shown_but_refused(with_field(12, 3, 2), "state 3 (next 4");
	shown_but_refused(with_field(14, 1, 2), "state 4 (next 1");
	shown_but_refused(with_field(12, 0x00050005, 4), "state 5 (next 5");
	shown_but_refused(with_field(24, 65536, 4), "65536 bytes under way");
	shown_but_refused(with_field(100, 0x8006, 2), "method 0x8006");
	made = with_field(10, 1, 2);
	memcpy(made->disk, "\xeb\x52\x90", 3);
	made_put(made->disk + 0x38, MADE_COPY_1 / 4096, 8);
	shown_but_refused(made, "Windows Vista (version 1)");
}

int main(void)
{
	test_info();
	for (unsigned int mask = 1; mask < 8; mask++)
		test_copies(mask);
	test_boot_place_damaged();
	test_stray_copy();
	test_hostile_label();
	test_differing_copies();
	test_unreadable_copies();
	test_fields();
	test_datum_bytes();
	test_boot_fields();
	test_many_protectors();
	test_not_bitlocker();
	test_not_served();
	return tap_done();
}
