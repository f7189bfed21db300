/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing two sources; see compare.h. */
#include "disk/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct comparison {
	struct source *first;
	struct source *second;
	const struct compare_plan *plan;
	uint32_t sector_size;
	uint8_t *buffers; /* two pieces */
	struct compare_result result;
};

static void note_difference(struct compare_result *result, uint64_t offset, uint64_t bytes,
			    enum compare_kind kind)
{
	if (result->differing == 0) {
		result->first = offset;
		result->first_kind = kind;
	}
	result->differing += bytes;
}

static void note_bytes(struct compare_result *result, uint64_t offset, const uint8_t *a,
		       const uint8_t *b, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (a[i] != b[i])
			note_difference(result, offset + i, 1, COMPARE_BYTES);
	}
}

/* One sector: equal, different, or unreadable. */
static void compare_sector(struct comparison *comparison, uint64_t offset, size_t length)
{
	struct compare_result *result = &comparison->result;
	uint8_t *a = comparison->buffers;
	uint8_t *b = comparison->buffers + COMPARE_PIECE;
	int first = source_pread(comparison->first, a, length, offset);
	int second = source_pread(comparison->second, b, length, offset);

	if (first < 0 && second < 0) {
		result->unreadable += length;
	} else if (first < 0) {
		note_difference(result, offset, length, COMPARE_FIRST_FAILED);
	} else if (second < 0) {
		note_difference(result, offset, length, COMPARE_SECOND_FAILED);
	} else {
		result->compared += length;
		note_bytes(result, offset, a, b, length);
	}
}

/* False: stop. */
static bool tell(const struct comparison *comparison, uint64_t done)
{
	const struct compare_plan *plan = comparison->plan;

	return !plan->progress || plan->progress(plan->context, done, comparison->result.total);
}

/* An unreadable sector may take seconds: so it can be stopped between any two. */
static bool compare_sectors(struct comparison *comparison, uint64_t offset, size_t length,
			    uint64_t *done)
{
	while (length > 0) {
		size_t step = length < comparison->sector_size ? length : comparison->sector_size;

		compare_sector(comparison, offset, step);
		offset += step;
		length -= step;
		*done += step;
		if (!tell(comparison, *done))
			return false;
	}
	return true;
}

static bool compare_piece(struct comparison *comparison, uint64_t offset, size_t length,
			  uint64_t *done)
{
	uint8_t *a = comparison->buffers;
	uint8_t *b = comparison->buffers + COMPARE_PIECE;

	if (source_pread(comparison->first, a, length, offset) < 0 ||
	    source_pread(comparison->second, b, length, offset) < 0 || memcmp(a, b, length) != 0)
		return compare_sectors(comparison, offset, length, done);
	comparison->result.compared += length;
	*done += length;
	return tell(comparison, *done);
}

/* [offset, offset + length), in pieces. False: stop. */
static bool compare_range(struct comparison *comparison, uint64_t offset, uint64_t length,
			  uint64_t *done)
{
	while (length > 0) {
		size_t piece = length < COMPARE_PIECE ? (size_t)length : COMPARE_PIECE;

		if (!compare_piece(comparison, offset, piece, done))
			return false;
		offset += piece;
		length -= piece;
	}
	return true;
}

/* SplitMix64, by its author's public description: every seed gives a good sequence. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* The place, of `places`, that sample `index` of `count` takes. */
static uint64_t pick_place(uint64_t places, unsigned int index, unsigned int count, uint64_t *state)
{
	/* at most 2^48 places and 2^16 samples: no product overflows */
	uint64_t begin = places * index / count;
	uint64_t end = places * (index + 1) / count;
	uint64_t random = next_random(state) % (end - begin);

	if (index == 0)
		return 0;
	return index == count - 1 ? places - 1 : begin + random;
}

static uint64_t place_length(uint64_t size, uint64_t place)
{
	uint64_t left = size - place * COMPARE_PLACE;

	return left < COMPARE_PLACE ? left : COMPARE_PLACE;
}

static void compare_sample(struct comparison *comparison, uint64_t places)
{
	const struct compare_plan *plan = comparison->plan;
	uint64_t size = comparison->first->size;
	uint64_t state = plan->seed;
	uint64_t done = 0;
	bool going = true;

	comparison->result.sample = plan->sample;
	comparison->result.total = (uint64_t)plan->sample * COMPARE_PLACE;
	if (plan->sample > 1)
		comparison->result.total -= COMPARE_PLACE - place_length(size, places - 1);
	for (unsigned int i = 0; i < plan->sample && going; i++) {
		uint64_t place = pick_place(places, i, plan->sample, &state);

		going = compare_range(comparison, place * COMPARE_PLACE, place_length(size, place),
				      &done);
	}
	comparison->result.stopped = !going;
}

int compare_sources(struct source *first, struct source *second, uint32_t sector_size,
		    const struct compare_plan *plan, struct compare_result *ret_result)
{
	struct comparison comparison = {
		.first = first,
		.second = second,
		.plan = plan,
		.sector_size = sector_size ? sector_size : 512,
		.buffers = malloc(2 * (size_t)COMPARE_PIECE),
	};
	uint64_t places = first->size / COMPARE_PLACE + (first->size % COMPARE_PLACE > 0);
	uint64_t done = 0;

	if (!comparison.buffers)
		return -ENOMEM;
	if (plan->sample > 0 && plan->sample < places) {
		compare_sample(&comparison, places);
	} else {
		comparison.result.total = first->size;
		comparison.result.stopped = !compare_range(&comparison, 0, first->size, &done);
	}
	secret_wipe(comparison.buffers, 2 * (size_t)COMPARE_PIECE);
	free(comparison.buffers);
	*ret_result = comparison.result;
	return 0;
}
