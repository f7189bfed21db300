/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plaintext volume: every method and sector size against the plaintext it was made of, the
 * contract of sources, random reads against slices, states, sizes that do not match, broken disks.
 */
#include "bde/bde.h"

#include <errno.h>

#include "disk/memory.h"
#include "disk/slice.h"
#include "tests/bde_made.h"
#include "tests/fault.h"
#include "tests/source_contract.h"

static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};

/* Open what is on `below`, with the clear key if it is encrypted. NULL when refused. */
static struct source *open_volume(struct source *below, struct notes *notes, struct err *err)
{
	struct bde_metadata *metadata = NULL;
	struct bde_unlocked *unlocked = NULL;
	struct bde_key *key = NULL;
	const struct bde_protector *protector = NULL;
	struct source *volume = NULL;
	int result = bde_metadata_read(below, 0, notes, &metadata, err);

	must(bde_key_clear(&key, NULL) == 0);
	if (result == 0 && bde_metadata_info(metadata)->state != BDE_STATE_DECRYPTED)
		result = bde_unlock(metadata, key, &unlocked, &protector, err);
	if (result == 0)
		result = bde_volume_open(below, metadata, unlocked, 0, NULL, &volume, err);
	bde_unlocked_free(unlocked);
	bde_key_free(key);
	bde_metadata_free(metadata);
	return result == 0 ? volume : NULL;
}

static struct source *memory(const uint8_t *data, size_t size)
{
	struct source *source = NULL;

	must(memory_new(data, size, &source) == 0);
	return source;
}

static struct source *open_made(const struct made *made)
{
	struct source *below = memory(made->disk, MADE_SIZE);
	struct source *volume = open_volume(below, NULL, NULL);

	source_unref(below);
	must(volume);
	return volume;
}

static bool whole_is_right(struct source *volume, const uint8_t *plain)
{
	uint8_t *buffer = malloc(MADE_SIZE);
	bool right;

	must(buffer);
	right = volume->size == MADE_SIZE && source_pread(volume, buffer, MADE_SIZE, 0) == 0 &&
		memcmp(buffer, plain, MADE_SIZE) == 0;
	free(buffer);
	return right;
}

/* Around every edge between regions, each length that a sector edge makes interesting. */
static bool edges_are_right(struct source *volume, const uint8_t *plain)
{
	static const size_t edges[] = {
		MADE_HEADER_SIZE, MADE_HEADER_AT,      MADE_HEADER_AT + MADE_HEADER_SIZE,
		MADE_COPY_1,	  MADE_COPY_1 + 65536, MADE_COPY_3 + 65536};
	static const size_t lengths[] = {1, 2, 511, 512, 513, 4095, 4096, 4097, 9000};
	uint8_t buffer[9000];

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
			for (size_t before = 0; before <= lengths[k] && before <= edges[i];
			     before += 1 + before / 3) {
				size_t at = edges[i] - before;

				if (source_pread(volume, buffer, lengths[k], at) < 0 ||
				    memcmp(buffer, plain + at, lengths[k]) != 0)
					return false;
			}
		}
	}
	return true;
}

static void test_methods(void)
{
	for (unsigned int method = BDE_METHOD_CBC_128_DIFFUSER; method <= BDE_METHOD_XTS_256;
	     method++) {
		for (uint32_t sector = 512; sector <= 4096; sector *= 8) {
			struct made *made = made_new((uint16_t)method, sector, MADE_CLEAR);
			struct source *volume = open_made(made);

			ok(whole_is_right(volume, made->plain), "%s, sectors of %u: the whole",
			   bde_method_name((uint16_t)method), sector);
			ok(edges_are_right(volume, made->plain), "  and around every edge");
			source_unref(volume);
			free(made);
		}
	}
}

static void test_contract(uint16_t method, uint32_t sector)
{
	struct made *made = made_new((uint16_t)method, sector, MADE_CLEAR);
	struct source *volume = open_made(made);

	source_contract(volume, made->plain, MADE_SIZE, bde_method_name(method));
	source_unref(volume);
	free(made);
}

/* The same volume as Windows leaves it: plaintext in place, header still moved. */
static void test_decrypted(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	uint8_t *disk = malloc(MADE_SIZE);
	struct source *volume;

	must(disk);
	memcpy(disk, made->disk, MADE_SIZE);
	memcpy(made->disk + MADE_HEADER_SIZE, made->plain + MADE_HEADER_SIZE,
	       MADE_SIZE - MADE_HEADER_SIZE);
	memcpy(made->disk + MADE_HEADER_AT, made->plain, MADE_HEADER_SIZE);
	for (size_t i = 0; i < 3; i++) {
		memcpy(made->disk + copies[i], disk + copies[i], 65536);
		made_put(made->disk + copies[i] + 12, 1, 2);
		made_put(made->disk + copies[i] + 14, 1, 2);
		made_put(made->disk + copies[i] + 16, 0, 8); /* the watermark is no size */
		made_put(made->disk + copies[i] + 100, 0, 2);
		made_seal(made, copies[i], false);
	}
	volume = open_made(made);
	ok(whole_is_right(volume, made->plain), "decrypted: plaintext without a key");
	ok(edges_are_right(volume, made->plain), "  and around every edge");
	source_unref(volume);
	free(disk);
	free(made);
}

static void set_encrypted_size(struct made *made, uint64_t size)
{
	for (size_t i = 0; i < 3; i++) {
		made_put(made->disk + copies[i] + 16, size, 8);
		made_seal(made, copies[i], true);
	}
}

static void test_sizes(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct source *below = memory(made->disk, MADE_SIZE);
	struct source *part = NULL;
	struct source *volume;
	struct notes notes CLEANUP(notes_clear) = {0};
	uint8_t buffer[1024];

	must(slice_new(below, 0, MADE_SIZE - 1000, &part) == 0);
	volume = open_volume(part, &notes, NULL);
	must(volume);
	is(volume->size, MADE_SIZE, "a cut image: the size is the volume's");
	is(notes.count, 2, "and two warnings");
	is(source_pread(volume, buffer, 512, MADE_SIZE - 1536), 0, "the last sector that is whole");
	ok(memcmp(buffer, made->plain + MADE_SIZE - 1536, 512) == 0, "is right");
	is(source_pread(volume, buffer, 1, MADE_SIZE - 1024), -EIO, "the next is refused");
	is(source_pread(volume, buffer, 1, MADE_SIZE - 1), -EIO, "as is the last");
	source_unref(volume);
	source_unref(part);
	source_unref(below);
	notes_clear(&notes);

	set_encrypted_size(made, MADE_SIZE - 65536 + 100);
	below = memory(made->disk, MADE_SIZE);
	volume = open_volume(below, &notes, NULL);
	must(volume);
	is(volume->size, MADE_SIZE, "encrypted less than the volume: its size stays");
	is(notes.count, 1, "  a warning");
	is(source_pread(volume, buffer, 512, MADE_SIZE - 65536 - 512), 0, "  before: read");
	is(source_pread(volume, buffer, 1, MADE_SIZE - 65536), -EIO, "  after that: refused");
	is(source_pread(volume, buffer, 2, MADE_SIZE - 65537), -EIO, "  across: refused");
	source_unref(volume);
	source_unref(below);
	free(made);
}

/*
 * The volume is less encrypted than it is long, and the moved header lies across that: each half is
 * in the state of its place.
 */
static void test_header_across_end(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct source *below;
	struct source *volume;
	uint8_t buffer[MADE_HEADER_SIZE / 2];

	set_encrypted_size(made, MADE_HEADER_AT + MADE_HEADER_SIZE / 2);
	below = memory(made->disk, MADE_SIZE);
	volume = open_volume(below, NULL, NULL);
	must(volume);
	is(source_pread(volume, buffer, sizeof(buffer), 0), 0, "the header's first half: read");
	ok(memcmp(buffer, made->plain, sizeof(buffer)) == 0, "  right");
	is(source_pread(volume, buffer, 1, MADE_HEADER_SIZE / 2), -EIO, "  its second: refused");
	source_unref(volume);
	source_unref(below);
	free(made);
}

/* ---------------------------------------------------------------- watermark */

/* A conversion that stopped at `mark`, with `window` bytes under way. */
static struct made *make_converting(uint32_t sector, uint16_t current, uint16_t next, uint64_t mark,
				    uint32_t window)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, sector, MADE_CLEAR);

	made_decrypt(made, mark > MADE_SIZE ? MADE_SIZE : (size_t)mark, MADE_SIZE);
	for (size_t i = 0; i < 3; i++) {
		made_put(made->disk + copies[i] + 12, current, 2);
		made_put(made->disk + copies[i] + 14, next, 2);
		made_put(made->disk + copies[i] + 16, mark, 8);
		made_put(made->disk + copies[i] + 24, window, 4);
		made_seal(made, copies[i], true);
	}
	return made;
}

/* Whole and part, around the mark and around the header, whose place may lie on either side. */
static void test_watermark(void)
{
	static const uint64_t marks[] = {0,
					 MADE_HEADER_SIZE,
					 MADE_HEADER_AT,
					 MADE_HEADER_AT + 4096,
					 MADE_HEADER_AT + MADE_HEADER_SIZE,
					 MADE_COPY_1,
					 MADE_COPY_2 + 4096,
					 0x91000,
					 MADE_SIZE - 4096,
					 MADE_SIZE,
					 2 * (uint64_t)MADE_SIZE};
	static const uint16_t states[][2] = {{3, 1}, {5, 4}, {2, 4}, {2, 1}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const uint16_t *state = states[i % 4];
		struct made *made =
			make_converting(i % 2 ? 4096 : 512, state[0], state[1], marks[i], 0);
		struct source *volume = open_made(made);

		ok(whole_is_right(volume, made->plain), "state %u to %u, stopped at %#llx",
		   state[0], state[1], (unsigned long long)marks[i]);
		ok(edges_are_right(volume, made->plain), "  and around every edge");
		source_unref(volume);
		free(made);
	}
}

/* What was under way is refused on both sides of the mark, and nothing else. */
static void test_window(void)
{
	static const struct {
		uint64_t mark;
		uint32_t window;
		uint64_t low, high;
	} cases[] = {
		{0x98000, 0x4000, 0x94000, 0x9c000}, {0x98000, 1, 0x97e00, 0x98200},
		{0x2000, 0x8000, 0, 0xa000},	     {MADE_SIZE - 512, 0x1000, 0xfee00, MADE_SIZE},
		{0x98100, 0, 0x98000, 0x98200},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made *made = make_converting(512, 2, 4, cases[i].mark, cases[i].window);
		struct source *volume = open_made(made);
		bool right = true;

		for (uint64_t at = MADE_HEADER_SIZE; at < MADE_SIZE; at += 512) {
			bool inside = at >= cases[i].low && at < cases[i].high;
			uint8_t buffer[512];
			int result = source_pread(volume, buffer, 512, at);

			right = right && (inside ? result == -EIO
						 : result == 0 && memcmp(buffer, made->plain + at,
									 512) == 0);
		}
		ok(right, "%u bytes under way at %#llx: refused, and only those", cases[i].window,
		   (unsigned long long)cases[i].mark);
		source_unref(volume);
		free(made);
	}
}

/* A mark in a state that was never seen with one is not believed. */
static void test_unknown_conversions(void)
{
	static const uint16_t states[][2] = {{3, 4}, {5, 1}, {4, 1}, {1, 4}, {3, 3},
					     {5, 5}, {2, 2}, {0, 0}, {6, 4}, {2, 0}};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct made *made = make_converting(512, states[i][0], states[i][1], 0x91000, 0);
		struct source *below = memory(made->disk, MADE_SIZE);
		struct err err = {0};
		struct source *volume = open_volume(below, NULL, &err);

		ok(!volume && strstr(err.message, "is not known"), "state %u to %u: refused",
		   states[i][0], states[i][1]);
		source_unref(volume);
		source_unref(below);
		free(made);
	}
}

/* The header tells how long the file system is; of a cut image that is the size. */
static void test_file_system_size(void)
{
	static const uint8_t boot[11] = {0xeb, 0x52, 0x90, 'N', 'T', 'F', 'S', ' ', ' ', ' ', ' '};
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct source *below;
	struct source *volume;
	uint8_t buffer[512];

	memcpy(made->plain, boot, sizeof(boot));
	made_put(made->plain + 11, 512, 2);
	made_put(made->plain + 40, MADE_SIZE / 512 + 99, 8);
	memcpy(made->disk + MADE_HEADER_AT, made->plain, 512);
	made_encrypt_sector(made->method, made->fvek, MADE_HEADER_AT, made->disk + MADE_HEADER_AT,
			    512);
	below = memory(made->disk, MADE_SIZE);
	volume = open_volume(below, NULL, NULL);
	must(volume);
	is(volume->size, MADE_SIZE + 100 * 512, "as long as its NTFS says");
	is(source_pread(volume, buffer, 512, MADE_SIZE - 512), 0, "  to the image's end: read");
	ok(memcmp(buffer, made->plain + MADE_SIZE - 512, 512) == 0, "  right");
	is(source_pread(volume, buffer, 1, MADE_SIZE), -EIO, "  after it: refused");
	is(source_pread(volume, buffer, 1, volume->size - 1), -EIO, "  to the last byte");
	source_unref(volume);
	source_unref(below);
	free(made);
}

static void test_broken_disk(enum fault_action action)
{
	struct made *made = made_new(BDE_METHOD_CBC_128, 512, MADE_CLEAR);
	struct source *below = memory(made->disk, MADE_SIZE);
	struct source *fault = NULL;
	struct source *volume;
	struct fault_rule rule = {
		.action = action, .offset = 0x10000, .length = 512, .errnum = EREMOTEIO};
	uint8_t buffer[8192];

	must(fault_new(below, &fault) == 0);
	volume = open_volume(fault, NULL, NULL);
	must(volume);
	fault_add(fault, &rule);
	is(source_pread(volume, buffer, 1, 0x10000), -EREMOTEIO, "a broken sector: part of it");
	is(source_pread(volume, buffer, 512, 0x10000), -EREMOTEIO, "  it");
	is(source_pread(volume, buffer, 8192, 0xf001), -EREMOTEIO, "  across it");
	is(source_pread(volume, buffer, 8192, 0x10200), 0, "  after it everything is right");
	ok(memcmp(buffer, made->plain + 0x10200, 8192) == 0, "  and right");
	is(source_pread(volume, buffer, 4096, MADE_COPY_2), 0, "  zeros need no disk");
	fault_clear(fault);
	is(source_pread(volume, buffer, 8192, 0xf001), 0, "  mended, it reads again");
	ok(memcmp(buffer, made->plain + 0xf001, 8192) == 0, "  right");
	source_unref(volume);
	source_unref(fault);
	source_unref(below);
	free(made);
}

/* The source holds what it needs: all else may go. */
static void test_ownership(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_256, 512, MADE_CLEAR);
	struct source *below = memory(made->disk, MADE_SIZE);
	struct source *volume = open_volume(below, NULL, NULL);

	must(volume);
	is(atomic_load(&below->references), 2, "one reference to what is below");
	source_unref(below);
	ok(whole_is_right(volume, made->plain), "which is enough");
	source_unref(volume);
	free(made);
}

int main(void)
{
	test_methods();
	test_contract(BDE_METHOD_XTS_256, 512);
	test_contract(BDE_METHOD_XTS_128, 4096);
	test_contract(BDE_METHOD_CBC_256, 512);
	test_decrypted();
	test_sizes();
	test_header_across_end();
	test_watermark();
	test_window();
	test_unknown_conversions();
	test_file_system_size();
	test_broken_disk(FAULT_ERROR);
	test_broken_disk(FAULT_SHORT);
	test_ownership();
	return tap_done();
}
