/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encrypt-on-write volumes: what the bitmaps say is what is read, in all shapes; and where they do
 * not say it, or cannot be trusted to, nothing is made up.
 */
#include "bde/bde.h"

#include <errno.h>

#include "disk/memory.h"
#include "disk/slice.h"
#include "tests/bde_made_eow.h"
#include "tests/fault.h"
#include "tests/source_contract.h"

#define PATTERN UINT64_C(0xb6e93a65d4c1729b)

enum {
	METHOD = BDE_METHOD_XTS_128
};

static struct made *fresh(void)
{
	static struct made *original;
	struct made *made = malloc(sizeof(*made));

	if (!original)
		original = made_eow_new(METHOD, 512, MADE_CLEAR, PATTERN);
	must(made && original);
	memcpy(made, original, sizeof(*made));
	return made;
}

static struct source *memory(const struct made *made)
{
	struct source *source = NULL;

	must(memory_new(made->disk, MADE_SIZE, &source) == 0);
	return source;
}

/* What is known without a key goes to *ret_info (texts gone); the volume, or NULL and err. */
static struct source *open_on(struct source *below, unsigned int flags, struct notes *notes,
			      struct bde_info *ret_info, struct err *err)
{
	struct bde_metadata *metadata = NULL;
	struct bde_unlocked *unlocked = NULL;
	struct bde_key *key = NULL;
	const struct bde_protector *protector = NULL;
	struct source *volume = NULL;
	int rc = bde_metadata_read(below, flags, notes, &metadata, err);

	must(rc == 0);
	must(bde_key_clear(&key, NULL) == 0);
	if (ret_info)
		*ret_info = *bde_metadata_info(metadata);
	if (bde_metadata_info(metadata)->state != BDE_STATE_DECRYPTED)
		rc = bde_unlock(metadata, key, &unlocked, &protector, err);
	must(rc == 0);
	rc = bde_volume_open(below, metadata, unlocked, flags, notes, &volume, err);
	bde_unlocked_free(unlocked);
	bde_key_free(key);
	bde_metadata_free(metadata);
	return rc == 0 ? volume : NULL;
}

static struct source *open_made(const struct made *made, unsigned int flags, struct notes *notes,
				struct err *err)
{
	struct source *below = memory(made);
	struct source *volume = open_on(below, flags, notes, NULL, err);

	source_unref(below);
	return volume;
}

/*
 * All of [start, end) is refused and all else is right, sector by sector and as long reads to the
 * edges; zeros in the refused range may still be known.
 */
static bool right_but(struct source *volume, const struct made *made, uint64_t start, uint64_t end)
{
	static uint8_t buffer[MADE_SIZE];
	static const uint8_t zeros[512];

	for (uint64_t at = 0; at < MADE_SIZE; at += 512) {
		bool inside = at >= start && at < end;
		int rc = source_pread(volume, buffer, 512, at);

		if (inside && rc == 0 && memcmp(buffer, zeros, 512) != 0) {
			printf("# %#llx is served\n", (unsigned long long)at);
			return false;
		}
		if (!inside && (rc != 0 || memcmp(buffer, made->plain + at, 512) != 0)) {
			printf("# %#llx is %s\n", (unsigned long long)at, rc ? "refused" : "wrong");
			return false;
		}
	}
	return source_pread(volume, buffer, start, 0) == 0 &&
	       memcmp(buffer, made->plain, start) == 0 &&
	       source_pread(volume, buffer, MADE_SIZE - end, end) == 0 &&
	       memcmp(buffer, made->plain + end, MADE_SIZE - end) == 0;
}

static bool all_right(struct source *volume, const struct made *made)
{
	return volume && right_but(volume, made, MADE_SIZE, MADE_SIZE);
}

/* Around every edge between regions and between chunks. */
static bool edges_are_right(struct source *volume, const struct made *made)
{
	static const size_t lengths[] = {1, 2, 511, 512, 513, 4097, 40000};
	static uint8_t buffer[40000];

	for (unsigned int i = 0; i < MADE_EOW_REGIONS; i++) {
		for (size_t edge = made_eow_edges[i]; edge < made_eow_edges[i + 1];
		     edge += MADE_EOW_CHUNK) {
			for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
				size_t at = edge - (edge < lengths[k] / 2 ? edge : lengths[k] / 2);

				if (at + lengths[k] > MADE_SIZE)
					continue;
				if (source_pread(volume, buffer, lengths[k], at) < 0 ||
				    memcmp(buffer, made->plain + at, lengths[k]) != 0)
					return false;
			}
		}
	}
	return true;
}

/* ------------------------------------------------------------------- shapes */

static void test_shapes(void)
{
	static const uint64_t patterns[] = {PATTERN, ~PATTERN, UINT64_C(0x5555555555555555), 1};

	for (unsigned int method = BDE_METHOD_CBC_128_DIFFUSER; method <= BDE_METHOD_XTS_256;
	     method++) {
		for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
			uint32_t sector = (method + i) % 3 == 0 ? 4096 : 512;
			struct made *made =
				made_eow_new((uint16_t)method, sector, MADE_CLEAR, patterns[i]);
			struct notes notes CLEANUP(notes_clear) = {0};
			struct source *volume = open_made(made, 0, &notes, NULL);

			ok(all_right(volume, made), "%s, sectors of %u, pattern %zu",
			   bde_method_name((uint16_t)method), sector, i);
			ok(volume && edges_are_right(volume, made), "  and around every edge");
			is(notes.count, 0, "  without a warning");
			source_unref(volume);
			free(made);
		}
	}
}

static void test_contract(void)
{
	struct made *made = fresh();
	struct source *volume = open_made(made, 0, NULL, NULL);

	source_contract(volume, made->plain, MADE_SIZE, "encrypt-on-write");
	source_unref(volume);
	free(made);
}

static void has_state(uint64_t pattern, enum bde_state state, bool suspended)
{
	struct made *made = made_eow_new(METHOD, 512, MADE_CLEAR, pattern);
	struct source *below = memory(made);
	struct bde_info info;
	struct source *volume = open_on(below, 0, NULL, &info, NULL);
	struct bde_coverage coverage;

	must(volume);
	must(bde_volume_coverage(volume, &coverage));
	is(info.state, state, "state by the bitmaps: %s", bde_state_name(state));
	is(info.conversion, BDE_CONVERSION_BITMAP, "  of a bitmap");
	is(info.suspended, suspended, "  suspended");
	is(info.ciphertext_size, coverage.ciphertext, "  ciphertext");
	is(coverage.ciphertext + coverage.plaintext + coverage.zeros, MADE_SIZE, "  all covered");
	is(info.eow.bitmaps, MADE_EOW_REGIONS, "  bitmaps");
	is(info.eow.chunk_size, MADE_EOW_CHUNK, "  chunk size");
	source_unref(volume);
	source_unref(below);
	free(made);
}

/* The conversion's state on disk says nothing: the bitmap does. */
static void test_states(void)
{
	static const uint16_t states[][2] = {{1, 1}, {2, 4}, {3, 1}, {5, 4}, {4, 1}};
	static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};

	has_state(PATTERN, BDE_STATE_PARTIAL, true);
	has_state(UINT64_MAX, BDE_STATE_SUSPENDED, true);
	has_state(0, BDE_STATE_DECRYPTED, true);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct made *made = fresh();
		struct source *volume;

		for (size_t k = 0; k < 3; k++) {
			made_put(made->disk + copies[k] + 12, states[i][0], 2);
			made_put(made->disk + copies[k] + 14, states[i][1], 2);
			made_put(made->disk + copies[k] + 16, 0x12345, 8);
			made_seal(made, copies[k], true);
		}
		volume = open_made(made, 0, NULL, NULL);
		ok(all_right(volume, made), "state %u, next %u", states[i][0], states[i][1]);
		source_unref(volume);
		free(made);
	}
}

/* ------------------------------------------------------------------ records */

static void refuses(struct made *made, const char *want, const char *name)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct err err = {0};
	struct source *volume = open_made(made, 0, &notes, &err);
	bool told = strstr(err.message, want) != NULL;

	for (size_t i = 0; i < notes.count; i++)
		told = told || strstr(notes.text[i], want);
	ok(!volume && err.kind == ERR_DISK, "%s: refused", name);
	if (!ok(told, "  with words"))
		printf("# '%s'\n", err.message);
	ok(strstr(err.hint, "--salvage") || strstr(err.hint, "another image"), "  and a hint");
	source_unref(volume);
}

/* The region is lost: refused, and with salvage everything but it. */
static void loses(struct made *made, unsigned int region, const char *want, const char *name)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume;
	bool header = region == 1;

	refuses(made, want, name);
	volume = open_made(made, BDE_SALVAGE, &notes, NULL);
	must(volume);
	if (header) {
		uint8_t buffer[512];

		is(source_pread(volume, buffer, 512, 0), -EIO, "  salvaged without the header");
	} else {
		ok(right_but(volume, made, made_eow_edges[region], made_eow_edges[region + 1]),
		   "  salvaged: all else is right");
	}
	ok(notes.count > 1 && strstr(notes.text[notes.count - 1], "salvaged"), "  and told");
	source_unref(volume);
	free(made);
}

static void accepts(struct made *made, const char *name)
{
	struct source *volume = open_made(made, 0, NULL, NULL);

	ok(all_right(volume, made), "%s: served, right", name);
	source_unref(volume);
	free(made);
}

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

	made = fresh();
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

/* Each field that makes a record one, with its checksum right. */
static void test_record_fields(void)
{
	static const struct {
		size_t at;
		uint64_t value;
		size_t bytes;
		const char *name;
	} fields[] = {
		{8, 'X', 1, "a record's signature"},
		{10, 40, 2, "a record's header size"},
		{12, MADE_EOW_RECORD_SIZE - 4, 4, "a record's size"},
		{16, 13, 4, "a record's number of bits"},
		{16, 15, 4, "a record's number of bits, one more"},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct made *made = fresh();

		for (unsigned int k = 0; k < 2; k++) {
			made_put(made->disk + record(2, k) + fields[i].at, fields[i].value,
				 fields[i].bytes);
			made_eow_seal_record(made, record(2, k));
		}
		loses(made, 2, "neither of its records", fields[i].name);
	}
}

/* ------------------------------------------------------------------ bitmaps */

static void test_bitmaps(void)
{
	static const struct {
		size_t at;
		uint64_t value;
		size_t bytes;
		const char *want;
	} fields[] = {
		{0, 'X', 1, "no bitmap is there"},
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
		size_t at = made_eow_bitmap(2);

		made_put(made->disk + at + fields[i].at, fields[i].value, fields[i].bytes);
		if (fields[i].bytes == 0)
			made->disk[at + 100] ^= 1;
		else
			made_eow_seal_bitmap(made, at);
		refuses(made, fields[i].want, fields[i].want);
		free(made);
	}
}

/* Where neither start nor end is told, the gap between its neighbours is what is lost. */
static void test_lost_bitmap(void)
{
	struct made *made = fresh();
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume;

	memset(made->disk + made_eow_bitmap(2), 0, 512);
	refuses(made, "no bitmap is there", "a bitmap is gone");
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

/* A region that ends before the volume does: nobody speaks of what is behind. */
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
	is(notes.count, 1, "  and told");
	source_unref(volume);
	free(made);
}

/* --------------------------------------------------------------- descriptor */

static void test_descriptors(void)
{
	static const struct {
		size_t at;
		uint64_t value;
		size_t bytes;
		const char *want;
	} fields[] = {
		{0, 'X', 1, "no descriptor is there"},
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
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		made = fresh();
		for (size_t at = MADE_EOW_COPY_1; at <= MADE_EOW_COPY_2; at += 0x1000) {
			made_put(made->disk + at + fields[i].at, fields[i].value, fields[i].bytes);
			if (fields[i].bytes == 0)
				made->disk[at + 60] ^= 1;
			else
				made_eow_seal_descriptor(made, at);
		}
		refuses(made, fields[i].want, fields[i].want);
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

/* ---------------------------------------------------------------------- log */

static void refuses_chunk(struct made *made, uint64_t start, uint64_t end, const char *name)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume = open_made(made, 0, &notes, NULL);

	must(volume);
	ok(right_but(volume, made, start, end), "%s: just that chunk is refused", name);
	ok(notes.count == 1 && strstr(notes.text[0], "interrupted"), "  and told");
	source_unref(volume);
	free(made);
}

static void test_interrupted(void)
{
	uint64_t chunk = made_eow_edges[2] + 3 * MADE_EOW_CHUNK;
	uint64_t last = made_eow_edges[2] + 13 * MADE_EOW_CHUNK;
	struct made *made = fresh();

	made_eow_put_entry(made, 2, 0, 8, chunk);
	refuses_chunk(made, chunk, chunk + MADE_EOW_CHUNK, "an interrupted chunk");
	made = fresh();
	made_eow_put_entry(made, 2, 1, 8, last);
	refuses_chunk(made, last, made_eow_edges[3], "the last one, which is short");
	made = fresh();
	made_eow_put_entry(made, 2, 0, 8, chunk);
	made->disk[made_eow_entry(made, 2, 0) + 5] ^= 1;
	refuses_chunk(made, chunk, chunk + MADE_EOW_CHUNK, "one of which the entry's end tells");
	made = fresh();
	made_eow_put_entry(made, 2, 0, 8, chunk);
	made->disk[made_eow_entry(made, 2, 1) - 512 + 5] ^= 1;
	refuses_chunk(made, chunk, chunk + MADE_EOW_CHUNK, "one of which the entry's start tells");
	made = fresh();
	made_eow_put_entry(made, 1, 0, 8, MADE_HEADER_AT);
	refuses_chunk(made, 0, MADE_HEADER_SIZE, "the header's");
}

static void test_logs(void)
{
	uint64_t chunk = made_eow_edges[2] + 3 * MADE_EOW_CHUNK;
	struct made *made = fresh();
	size_t log = made_eow_bitmap(2) + MADE_EOW_LOG;
	size_t entry = made_eow_entry(made, 2, 0);

	made_eow_put_entry(made, 2, 0, 0, 0);
	memset(made->disk + entry, 0, made_eow_entry_size(made));
	accepts(made, "an entry that was never written");

	made = fresh();
	memset(made->disk + entry, 0, 2 * made_eow_entry_size(made));
	accepts(made, "a log that was never used");

	made = fresh();
	memset(made->disk + log, 0, 512);
	accepts(made, "the log's first header is gone");

	made = fresh();
	memset(made->disk + log, 0, 512);
	memset(made->disk + log + made_eow_log_size(made) - 512, 0, 512);
	loses(made, 2, "log is damaged", "both of the log's headers are gone");

	made = fresh();
	made->disk[entry + 5] ^= 1;
	made->disk[entry + made_eow_entry_size(made) - 512 + 5] ^= 1;
	loses(made, 2, "an entry of its conversion log", "both headers of an entry are damaged");

	made = fresh();
	made_eow_put_entry(made, 2, 0, 7, chunk);
	loses(made, 2, "entries of its conversion log disagree", "two entries of one number");

	made = fresh();
	made_eow_put_entry(made, 2, 0, 8, chunk + 512);
	loses(made, 2, "not its own", "a chunk that is none");

	made = fresh();
	made_eow_put_entry(made, 2, 0, 8, made_eow_edges[3]);
	loses(made, 2, "not its own", "another region's chunk");

	made = fresh();
	made_put(made->disk + log + 42, made_eow_edges[3], 8);
	loses(made, 2, "log is not its own", "another region's log");

	made = fresh();
	made_put(made->disk + log + 30, 4096, 4);
	loses(made, 2, "log is not its own", "a log with other entries");

	made = fresh();
	made_put(made->disk + log + 14, 1024, 4);
	accepts(made, "a first header with an unknown block size");
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
		{MADE_EOW_BITMAPS + MADE_EOW_BITMAP_SIZE, 512, "what is behind a bitmap", true},
		{MADE_EOW_BITMAPS + MADE_EOW_LOG, 512, "a log's header", true},
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

/* The image ends within a region: what is there is served, the size is the bitmaps'. */
static void test_cut(void)
{
	struct made *made = fresh();
	struct source *below = memory(made);
	struct source *part = NULL;
	struct source *volume;
	struct notes notes CLEANUP(notes_clear) = {0};
	uint64_t end = MADE_SIZE - 0xb000;

	must(slice_new(below, 0, end + 100, &part) == 0);
	volume = open_on(part, 0, &notes, NULL, NULL);
	must(volume);
	is(volume->size, MADE_SIZE, "a cut image has its whole size");
	ok(right_but(volume, made, end, MADE_SIZE), "  and what is there");
	ok(notes.count > 0 && strstr(notes.text[notes.count - 1], "cut off"), "  told");
	source_unref(volume);
	source_unref(part);
	source_unref(below);
	free(made);
}

int main(void)
{
	test_shapes();
	test_contract();
	test_states();
	test_records();
	test_record_fields();
	test_bitmaps();
	test_lost_bitmap();
	test_short_tiling();
	test_descriptors();
	test_no_descriptor();
	test_interrupted();
	test_logs();
	test_unreadable();
	test_cut();
	return tap_done();
}
