/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export/pipeline: all pieces, once and in order, whatever is read when; runs of zeros; sectors
 * that cannot be read and no others; an early end.
 */
#include "export/pipeline.h"

#include <errno.h>

#include "base/zeros.h"
#include "disk/memory.h"
#include "tests/fault.h"
#include "tests/tap.h"

enum {
	SIZE = 20 * PIECE_SIZE + 12345,
};

static uint8_t *bytes;

struct got {
	uint8_t *copy[2];
	uint64_t at[2];
	bool wrong;
	int stop_at; /* this consumer's pieces are enough; -1: none */
	size_t pieces;
	size_t bad; /* bytes */
	bool refuse_tick;
};

static int take(struct got *got, int index, const struct piece *piece)
{
	struct piece_run run = {0};

	if (piece->offset != got->at[index])
		got->wrong = true;
	if (piece->data)
		memcpy(got->copy[index] + piece->offset, piece->data, (size_t)piece->length);
	else
		memset(got->copy[index] + piece->offset, 0, (size_t)piece->length);
	while (index == 0 && piece_next_bad(piece, &run))
		got->bad += run.end - run.start;
	got->at[index] += piece->length;
	return 0;
}

static int first(void *context, const struct piece *piece)
{
	struct got *got = context;

	if (got->stop_at >= 0 && got->pieces++ == (size_t)got->stop_at)
		return -ENOSPC;
	return take(got, 0, piece);
}

static int second(void *context, const struct piece *piece)
{
	return take(context, 1, piece);
}

static int failing(void *context, const struct piece *piece)
{
	(void)context;
	return piece->offset >= (uint64_t)3 * PIECE_SIZE ? -EDOM : 0;
}

static bool tick(void *context)
{
	return !((struct got *)context)->refuse_tick;
}

static struct got fresh(void)
{
	struct got got = {.copy = {malloc(SIZE), malloc(SIZE)}, .stop_at = -1};

	must(got.copy[0] && got.copy[1]);
	memset(got.copy[0], 0xaa, SIZE);
	memset(got.copy[1], 0xaa, SIZE);
	return got;
}

static void drop(struct got *got)
{
	free(got->copy[0]);
	free(got->copy[1]);
}

static int run(struct source *source, struct got *got, piece_consumer other)
{
	struct pipeline_plan plan = {
		.source = source, .first = first, .second = other, .tick = tick, .context = got};

	return pipeline_run(&plan);
}

static void test_all(struct source *source)
{
	struct got got = fresh();

	is(run(source, &got, second), 0, "two consumers");
	ok(!got.wrong && got.at[0] == SIZE && got.at[1] == SIZE, "  each has all, in order");
	ok(memcmp(got.copy[0], bytes, SIZE) == 0 && memcmp(got.copy[1], bytes, SIZE) == 0,
	   "  and right");
	drop(&got);
}

static void test_ends(struct source *source)
{
	struct got got = fresh();
	struct pipeline_plan plan = {.source = source,
				     .start = (uint64_t)19 * PIECE_SIZE,
				     .first = first,
				     .context = &got};

	got.stop_at = 5;
	is(run(source, &got, second), -ENOSPC, "a consumer's error ends it");
	ok(got.at[0] == (uint64_t)5 * PIECE_SIZE && !got.wrong, "  at its place");
	got.stop_at = -1;
	got.at[0] = 0;
	is(run(source, &got, failing), -EDOM, "so does the second's");
	got.refuse_tick = true;
	got.at[0] = got.at[1] = 0;
	is(run(source, &got, second), -EINTR, "and a tick that says so");
	got.at[0] = plan.start;
	is(pipeline_run(&plan), 0, "from a later piece on");
	ok(!got.wrong && got.at[0] == SIZE, "  to the end");
	plan.start = SIZE;
	is(pipeline_run(&plan), 0, "from the end on: nothing");
	drop(&got);
}

static void test_unreadable(struct source *source)
{
	static const struct fault_rule rules[] = {
		{.action = FAULT_ERROR, .offset = 700, .length = 1, .errnum = EIO},
		{.action = FAULT_SHORT,
		 .offset = 5 * PIECE_SIZE - 1,
		 .length = 2,
		 .errnum = ENODATA},
		{.action = FAULT_ERROR, .offset = SIZE - 1, .length = 1, .errnum = EIO},
		{.action = FAULT_DELAY, .offset = 0, .length = SIZE, .delay_ms = 1, .count = 50},
	};
	struct source *fault = NULL;
	struct got got = fresh();
	uint8_t *expected = malloc(SIZE);

	must(expected && fault_new(source, &fault) == 0);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		fault_add(fault, &rules[i]);
	memcpy(expected, bytes, SIZE);
	memset(expected + 512, 0, 512);
	memset(expected + (size_t)5 * PIECE_SIZE - 512, 0, 1024);
	memset(expected + (size_t)SIZE / 512 * 512, 0, SIZE % 512);
	is(run(fault, &got, second), 0, "bad sectors");
	is(got.bad, 512 + 1024 + SIZE % 512, "  so many bytes");
	ok(memcmp(got.copy[0], expected, SIZE) == 0, "  zeros there, all else is right");
	source_unref(fault);
	free(expected);
	drop(&got);
}

static void test_runs(void)
{
	static struct piece piece;
	struct piece_run run = {0};
	static uint8_t data[PIECE_SIZE];

	piece.length = PIECE_SIZE - 10;
	piece.data = data;
	memset(piece.zero, true, sizeof(piece.zero));
	ok(!piece_next_data(&piece, 32768, &run), "all zeros: no run");
	piece.zero[3] = piece.zero[5] = piece.zero[200] = piece.zero[255] = false;
	ok(piece_next_data(&piece, 32768, &run) && run.start == (size_t)3 * 4096 &&
		   run.end == (size_t)6 * 4096,
	   "a short gap is data");
	ok(piece_next_data(&piece, 32768, &run) && run.start == (size_t)200 * 4096 &&
		   run.end == (size_t)201 * 4096,
	   "a long one is not");
	ok(piece_next_data(&piece, 32768, &run) && run.start == (size_t)255 * 4096 &&
		   run.end == PIECE_SIZE - 10,
	   "the last ends with the piece");
	ok(!piece_next_data(&piece, 32768, &run), "no more");
	piece.length = (uint64_t)1 << 40;
	piece.data = NULL;
	run = (struct piece_run){0};
	ok(!piece_next_data(&piece, 32768, &run), "zeros by the source, longer than any piece");
	ok(zeros_all(data, 0) && zeros_all(data, 1) && zeros_all(data, sizeof(data)), "zeros");
	for (size_t i = 0; i < 100; i++) {
		data[i] = 1;
		if (zeros_all(data, 100) || !zeros_all(data, i) || !zeros_all(data + i + 1, 99 - i))
			ok(false, "a byte at %zu", i);
		data[i] = 0;
	}
	ok(true, "a byte anywhere");
}

int main(void)
{
	struct source *source = NULL;
	uint32_t state = 1;

	bytes = malloc(SIZE);
	must(bytes);
	for (size_t i = 0; i < SIZE; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
	memset(bytes + (size_t)7 * PIECE_SIZE, 0, 3 * (size_t)PIECE_SIZE);
	must(memory_new(bytes, SIZE, &source) == 0);
	test_all(source);
	test_ends(source);
	test_unreadable(source);
	test_runs();
	source_unref(source);
	free(bytes);
	return tap_done();
}
