/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of encrypt-on-write volumes share: opening the made volume, and judging it sector
 * by sector. */
#ifndef ADEFUSE_TESTS_EOW_CHECK_H
#define ADEFUSE_TESTS_EOW_CHECK_H

#include <errno.h>

#include "bde/bde.h"
#include "disk/memory.h"
#include "tests/bde_made_eow.h"
#include "tests/tap.h"

#define PATTERN UINT64_C(0xb6e93a65d4c1729b)

enum {
	METHOD = BDE_METHOD_XTS_128
};

static inline __attribute__((unused)) struct made *fresh(void)
{
	static struct made *original;
	struct made *made = malloc(sizeof(*made));

	if (!original)
		original = made_eow_new(METHOD, 512, MADE_CLEAR, PATTERN);
	must(made && original);
	memcpy(made, original, sizeof(*made));
	return made;
}

static inline __attribute__((unused)) struct source *memory(const struct made *made)
{
	struct source *source = NULL;

	must(memory_new(made->disk, MADE_SIZE, &source) == 0);
	return source;
}

/* What is known without a key goes to *ret_info (texts gone); the volume, or NULL and err. */
static inline __attribute__((unused)) struct source *open_on(struct source *below,
							     unsigned int flags,
							     struct notes *notes,
							     struct bde_info *ret_info,
							     struct err *err)
{
	struct bde_metadata *metadata = NULL;
	struct bde_unlocked *unlocked = NULL;
	struct bde_key *key = NULL;
	const struct bde_protector *protector = NULL;
	struct source *volume = NULL;
	int result = bde_metadata_read(below, flags, notes, &metadata, err);

	must(result == 0);
	must(bde_key_clear(&key, NULL) == 0);
	if (ret_info)
		*ret_info = *bde_metadata_info(metadata);
	if (bde_metadata_info(metadata)->state != BDE_STATE_DECRYPTED)
		result = bde_unlock(metadata, key, &unlocked, &protector, err);
	must(result == 0);
	result = bde_volume_open(below, metadata, unlocked, flags, notes, &volume, err);
	bde_unlocked_free(unlocked);
	bde_key_free(key);
	bde_metadata_free(metadata);
	return result == 0 ? volume : NULL;
}

static inline __attribute__((unused)) struct source *open_made(const struct made *made,
							       unsigned int flags,
							       struct notes *notes, struct err *err)
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
static inline __attribute__((unused)) bool right_but(struct source *volume, const struct made *made,
						     uint64_t start, uint64_t end)
{
	static uint8_t buffer[MADE_SIZE];
	static const uint8_t zeros[512];

	for (uint64_t at = 0; at < MADE_SIZE; at += 512) {
		bool inside = at >= start && at < end;
		int result = source_pread(volume, buffer, 512, at);

		if (inside && result == 0 && memcmp(buffer, zeros, 512) != 0) {
			printf("# %#llx is served\n", (unsigned long long)at);
			return false;
		}
		if (!inside && (result != 0 || memcmp(buffer, made->plain + at, 512) != 0)) {
			printf("# %#llx is %s\n", (unsigned long long)at,
			       result ? "refused" : "wrong");
			return false;
		}
	}
	return source_pread(volume, buffer, start, 0) == 0 &&
	       memcmp(buffer, made->plain, start) == 0 &&
	       source_pread(volume, buffer, MADE_SIZE - end, end) == 0 &&
	       memcmp(buffer, made->plain + end, MADE_SIZE - end) == 0;
}

static inline __attribute__((unused)) bool all_right(struct source *volume, const struct made *made)
{
	return volume && right_but(volume, made, MADE_SIZE, MADE_SIZE);
}

static inline __attribute__((unused)) void refuses(struct made *made, const char *want,
						   const char *name)
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
static inline __attribute__((unused)) void loses(struct made *made, unsigned int region,
						 const char *want, const char *name)
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
	ok(notes.count > 1 && strstr(notes.text[notes.count - 1], "salvaged"), "  with a warning");
	source_unref(volume);
	free(made);
}

static inline __attribute__((unused)) void accepts(struct made *made, const char *name)
{
	struct source *volume = open_made(made, 0, NULL, NULL);

	ok(all_right(volume, made), "%s: served, right", name);
	source_unref(volume);
	free(made);
}

#endif
