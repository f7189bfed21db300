/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encrypt-on-write volumes: what the bitmaps say is what is read, in all shapes; a chunk whose
 * conversion was interrupted, or a log that cannot be trusted to tell, is refused.
 */
#include "disk/slice.h"
#include "tests/eow_check.h"
#include "tests/source_contract.h"

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

/* ---------------------------------------------------------------------- log */

static void refuses_chunk(struct made *made, uint64_t start, uint64_t end, const char *name)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume = open_made(made, 0, &notes, NULL);

	must(volume);
	ok(right_but(volume, made, start, end), "%s: just that chunk is refused", name);
	ok(notes.count == 1 && strstr(notes.text[0], "interrupted"), "  with a warning");
	source_unref(volume);
	free(made);
}

static void test_interrupted(void)
{
	uint64_t chunk = made_eow_edges[2] + UINT64_C(3) * MADE_EOW_CHUNK;
	uint64_t last = made_eow_edges[2] + UINT64_C(13) * MADE_EOW_CHUNK;
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

static void test_unused_logs(void)
{
	struct made *made = fresh();
	size_t entry = made_eow_entry(made, 2, 0);

	made_eow_put_entry(made, 2, 0, 0, 0);
	memset(made->disk + entry, 0, made_eow_entry_size(made));
	accepts(made, "an entry that was never written");

	made = fresh();
	memset(made->disk + entry, 0, 2 * made_eow_entry_size(made));
	accepts(made, "a log that was never used");
}

static void test_damaged_logs(void)
{
	struct made *made = fresh();
	size_t log = made_eow_bitmap(2) + MADE_EOW_LOG;
	size_t entry = made_eow_entry(made, 2, 0);

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
	made_put(made->disk + log + 14, 1024, 4);
	accepts(made, "a first header with an unknown block size");
}

static void test_foreign_logs(void)
{
	uint64_t chunk = made_eow_edges[2] + UINT64_C(3) * MADE_EOW_CHUNK;
	size_t log = made_eow_bitmap(2) + MADE_EOW_LOG;
	struct made *made = fresh();

	made_eow_put_entry(made, 2, 0, 7, chunk);
	loses(made, 2, "entries of its conversion log disagree", "two entries of one number");

	made = fresh();
	made_eow_put_entry(made, 2, 0, 8, chunk + 512);
	loses(made, 2, "not its own", "a chunk that does not exist");

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
	made_put(made->disk + log + 30, 1024, 4);
	loses(made, 2, "log is not its own", "a log with shorter entries");
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
	ok(notes.count > 0 && strstr(notes.text[notes.count - 1], "cut off"), "  with a warning");
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
	test_interrupted();
	test_unused_logs();
	test_damaged_logs();
	test_foreign_logs();
	test_cut();
	return tap_done();
}
