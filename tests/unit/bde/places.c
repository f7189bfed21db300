/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Places that the metadata names, under the right checksum and hash and in agreement with one
 * another, and that are impossible all the same: each is refused by name.
 */
#include "bde/bde.h"

#include <errno.h>

#include "disk/memory.h"
#include "tests/bde_made.h"
#include "tests/tap.h"

static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};

static struct source *as_source(const struct made *made)
{
	struct source *source = NULL;

	must(memory_new(made->disk, MADE_SIZE, &source) == 0);
	return source;
}

static struct made *copy_made(const struct made *original)
{
	struct made *made = malloc(sizeof(*made));

	must(made);
	memcpy(made, original, sizeof(*made));
	return made;
}

/* Set the header's place where both the block and its datum say it, in all copies. */
static void move_header(struct made *made, uint64_t offset, uint64_t size)
{
	static const uint8_t head[6] = {0x18, 0, 0x0f, 0, 0x0f, 0};

	for (size_t i = 0; i < 3; i++) {
		uint8_t *block = made->disk + copies[i];
		size_t at = MADE_DATUMS_AT;

		while (at < 4096 && memcmp(block + at, head, sizeof(head)) != 0)
			at++;
		must(at < 4096);
		/* 0: the datum alone says it */
		made_put(block + 28, size % 512 == 0 ? size / 512 : 0, 4);
		made_put(block + 56, offset, 8);
		made_put(block + at + 8, offset, 8);
		made_put(block + at + 16, size, 8);
		made_seal(made, copies[i], true);
	}
}

static void refused_for(struct made *made, const char *want)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *source = as_source(made);
	struct bde_metadata *metadata = NULL;
	struct err err = {0};
	int result = bde_metadata_read(source, 0, &notes, &metadata, &err);

	if (!ok(result < 0 && !metadata && err.kind == ERR_DISK && strstr(err.message, want),
		"refused: %s", want))
		printf("# got '%s'\n", err.message);
	source_unref(source);
	free(made);
}

/* Places that agree with one another, under the right hash, and are impossible. */
static void test_impossible_places(void)
{
	static const struct {
		uint64_t offset;
		uint64_t size;
		const char *want;
	} headers[] = {
		{MADE_HEADER_AT, MADE_HEADER_SIZE + 8, "the size of the volume's header is"},
		{MADE_HEADER_AT + 8, MADE_HEADER_SIZE, "the place of the volume's header is"},
		{INT64_MAX - 511, MADE_HEADER_SIZE, "the place of the volume's header is"},
		{MADE_HEADER_SIZE - 512, MADE_HEADER_SIZE, "the place of the volume's header is"},
		{MADE_HEADER_AT, 0, "no place or no size"},
		{0, MADE_HEADER_SIZE, "no place or no size"},
		{MADE_COPY_1 - 512, MADE_HEADER_SIZE, "overlaps the volume's header"},
		{MADE_COPY_3 + 65024, MADE_HEADER_SIZE, "overlaps the volume's header"},
	};
	static const uint64_t places[] = {0, MADE_COPY_2 + 8, MADE_HEADER_SIZE - 512,
					  INT64_MAX - 511, UINT64_MAX - 511};
	struct made *original = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct made *made = copy_made(original);

		move_header(made, headers[i].offset, headers[i].size);
		refused_for(made, headers[i].want);
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct made *made = copy_made(original);

		for (size_t k = 0; k < 3; k++) {
			made_put(made->disk + copies[k] + 40, places[i], 8);
			made_seal(made, copies[k], true);
		}
		refused_for(made, "metadata copy");
	}
	free(original);
}

/* The list of datums may not go on past the bytes that CRC and hash cover. */
static void test_datums_behind_hash(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	size_t size = made_block_size(made->disk, MADE_COPY_1);

	for (size_t i = 0; i < 3; i++) {
		const uint8_t *end = made->disk + copies[i] + size;

		made_put(made->disk + copies[i] + 64, size - 64 + end[0] + (size_t)256 * end[1], 4);
		made_seal(made, copies[i], true);
	}
	refused_for(made, "the size of the datums");
}

/* Nothing says where the header went: the volume is shown, but not served. */
static void test_no_header(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct bde_metadata *metadata = NULL;
	struct source *volume = NULL;
	struct err err = {0};
	struct source *source;

	move_header(made, 0, 0);
	source = as_source(made);
	is(bde_metadata_read(source, 0, NULL, &metadata, &err), 0, "no header at all: shown");
	is(bde_volume_open(source, metadata, NULL, 0, NULL, &volume, &err), -ENOTSUP,
	   "but refused");
	ok(strstr(err.message, "where the volume's header was moved"), "by name");
	bde_metadata_free(metadata);
	source_unref(source);
	free(made);
}

/* A header past the end of a truncated image: everything else is served. */
static void test_header_cut_off(void)
{
	static const uint64_t places[] = {MADE_SIZE - 4096, MADE_SIZE, MADE_SIZE + 65536};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
		struct bde_metadata *metadata = NULL;
		struct bde_unlocked *unlocked = NULL;
		struct bde_key *key = NULL;
		const struct bde_protector *protector;
		struct source *volume = NULL;
		struct source *source;
		uint8_t buffer[8192];

		move_header(made, places[i], MADE_HEADER_SIZE);
		source = as_source(made);
		must(bde_metadata_read(source, 0, NULL, &metadata, NULL) == 0);
		must(bde_key_clear(&key, NULL) == 0);
		must(bde_unlock(metadata, key, &unlocked, &protector, NULL) == 0);
		is(bde_volume_open(source, metadata, unlocked, 0, NULL, &volume, NULL), 0,
		   "a header %d bytes before the end: served", (int)(MADE_SIZE - places[i]));
		must(volume);
		is(source_pread(volume, buffer, 8192, 0), -EIO, "  but the header");
		is(source_pread(volume, buffer, 512, MADE_HEADER_SIZE - 512), -EIO, "  to its end");
		is(source_pread(volume, buffer, 8192, MADE_HEADER_SIZE), 0,
		   "  everything after it is there");
		ok(memcmp(buffer, made->plain + MADE_HEADER_SIZE, 8192) == 0, "  and right");
		source_unref(volume);
		bde_unlocked_free(unlocked);
		bde_key_free(key);
		bde_metadata_free(metadata);
		source_unref(source);
		free(made);
	}
}

int main(void)
{
	test_header_cut_off();
	test_impossible_places();
	test_datums_behind_hash();
	test_no_header();
	return tap_done();
}
