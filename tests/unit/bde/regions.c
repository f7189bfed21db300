/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of regions against a map with one entry a byte, and its bounds. */
#include "bde/regions/regions.h"

#include <errno.h>

#include "tests/tap.h"

enum {
	SIZE = 1000,
	ROUNDS = 400
};

struct model {
	enum region_kind kind[SIZE];
	uint64_t physical[SIZE];
};

static uint32_t random_below(uint32_t limit)
{
	static uint32_t state = 4711;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % limit;
}

static void build_base(struct regions *regions, struct model *model)
{
	uint64_t at = 0;

	while (at < SIZE) {
		enum region_kind kind = random_below(4);
		uint32_t length = random_below(300);

		if (length > SIZE - at)
			length = (uint32_t)(SIZE - at);
		must(regions_append(regions, kind, length) == 0);
		for (uint32_t i = 0; i < length; i++, at++) {
			model->kind[at] = kind;
			model->physical[at] = at;
		}
	}
}

/* One layer: ranges of one kind may overlap, in any order; of two, the first keeps what both claim.
 */
static void overlay_random(struct regions *regions, struct model *model)
{
	struct region over[8];
	size_t count = random_below(8) + 1;

	for (size_t i = 0; i < count; i++) {
		uint64_t start = random_below((SIZE + 100) / 8) * 8ULL + i;

		over[i] = (struct region){.start = start,
					  .end = start + random_below(100),
					  .kind = random_below(4),
					  .physical = 5000 + (uint64_t)i * 3 + start};
	}
	for (uint64_t at = 0; at < SIZE; at++) {
		const struct region *first = NULL;

		for (size_t i = 0; i < count; i++) {
			if (over[i].start <= at && at < over[i].end &&
			    (!first || over[i].start < first->start))
				first = &over[i];
		}
		if (!first)
			continue;
		model->kind[at] = first->kind;
		model->physical[at] = first->physical + (at - first->start);
	}
	must(regions_overlay(regions, over, count) == 0);
}

static bool well_formed(const struct regions *regions)
{
	uint64_t at = 0;

	for (size_t i = 0; i < regions->count; i++) {
		if (regions->table[i].start != at || regions->table[i].end <= at)
			return false;
		at = regions->table[i].end;
	}
	return at == SIZE;
}

static bool has_place(enum region_kind kind)
{
	return kind == REGION_CIPHER || kind == REGION_PLAIN;
}

static bool agrees(const struct regions *regions, const struct model *model)
{
	for (uint64_t at = 0; at < SIZE; at++) {
		const struct region *region = regions_find(regions, at);

		if (at < region->start || at >= region->end || region->kind != model->kind[at] ||
		    (has_place(region->kind) &&
		     region->physical + (at - region->start) != model->physical[at]))
			return false;
	}
	return true;
}

static void test_model(void)
{
	bool formed = true;
	bool same = true;

	for (int round = 0; round < ROUNDS; round++) {
		struct regions regions CLEANUP(regions_clear) = {0};
		struct model model = {0};

		build_base(&regions, &model);
		for (uint32_t i = random_below(12); i > 0; i--)
			overlay_random(&regions, &model);
		formed = formed && well_formed(&regions);
		same = same && agrees(&regions, &model);
	}
	ok(formed, "sorted, without gaps or empty regions");
	ok(same, "each byte as in the map, over %d random tables", ROUNDS);
}

static void test_bounds(void)
{
	struct regions regions CLEANUP(regions_clear) = {0};
	struct region last = {.start = UINT64_MAX - 1, .end = UINT64_MAX, .kind = REGION_ZERO};
	struct region none = {.start = UINT64_MAX, .end = UINT64_MAX, .kind = REGION_ZERO};
	int result = 0;

	is(regions_append(&regions, REGION_PLAIN, UINT64_MAX), 0, "up to the last byte there is");
	is(regions_append(&regions, REGION_PLAIN, 1), -EOVERFLOW, "and none more");
	is(regions_overlay(&regions, &last, 1), 0, "the last byte replaced");
	is(regions.count, 2, "two regions");
	is(regions_overlay(&regions, &none, 1), 0, "nothing to replace");
	is(regions.count, 2, "still two");
	regions_clear(&regions);
	for (size_t i = 0; i <= REGIONS_MAX && result == 0; i++)
		result = regions_append(&regions, i % 2 ? REGION_PLAIN : REGION_CIPHER, 1);
	is(result, -EOVERFLOW, "more regions than any volume has");
	is(regions.count, REGIONS_MAX, "the table stays");
}

static void test_join(void)
{
	struct regions regions CLEANUP(regions_clear) = {0};

	for (int i = 0; i < 100; i++)
		must(regions_append(&regions, REGION_CIPHER, 10) == 0);
	is(regions.count, 1, "neighbours of one kind are one region");
}

/* A bitmap may alternate a million times: each range on its own would move the table as often. */
static void test_large(void)
{
	enum {
		COUNT = REGIONS_MAX / 2
	};
	struct regions regions CLEANUP(regions_clear) = {0};
	struct region *over CLEANUP(free) = calloc(COUNT, sizeof(*over));
	bool same = true;

	must(over);
	for (size_t i = 0; i < COUNT; i++) {
		must(regions_append(&regions, i % 2 ? REGION_PLAIN : REGION_CIPHER, 10) == 0);
		over[COUNT - 1 - i] = (struct region){
			.start = i * 10 + 5, .end = i * 10 + 10, .kind = REGION_REFUSE};
	}
	is(regions_overlay(&regions, over, COUNT), 0, "half of each of %d regions replaced", COUNT);
	is(regions.count, REGIONS_MAX, "as many regions as there may be");
	for (size_t i = 0; i < regions.count; i++)
		same = same && regions.table[i].start == i * 5 &&
		       (regions.table[i].kind == REGION_REFUSE) == (i % 2 == 1);
	ok(same, "each in its place");
	over[0] = (struct region){.start = 1, .end = 2, .kind = REGION_ZERO};
	is(regions_overlay(&regions, over, 1), -EOVERFLOW, "and none more");
	is(regions.count, REGIONS_MAX, "the table stays");
}

int main(void)
{
	test_model();
	test_bounds();
	test_join();
	test_large();
	return tap_done();
}
