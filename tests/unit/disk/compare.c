/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Comparing two sources: every kind of difference is found, at its exact place and size, also at
 * the edges of pieces; sampled places are spread, within the source, and repeatable.
 */
#include "disk/compare.h"

#include <errno.h>
#include <inttypes.h>

#include "disk/memory.h"
#include "tests/fault.h"
#include "tests/tap.h"

enum {
	SIZE = 3 * COMPARE_PIECE + 70000, /* whole sectors no, pieces neither */
	SECTOR = 512
};

static uint8_t bytes[SIZE];

static void fill(void)
{
	uint32_t state = 99;

	for (size_t i = 0; i < SIZE; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
}

static struct source *memory(void)
{
	struct source *source = NULL;

	must(memory_new(bytes, SIZE, &source) == 0);
	return source;
}

/* A source like memory(), but for these bytes. */
static struct source *changed(const uint64_t *places, size_t count)
{
	struct source *source;

	for (size_t i = 0; i < count; i++)
		bytes[places[i]] ^= 0x40;
	source = memory();
	for (size_t i = 0; i < count; i++)
		bytes[places[i]] ^= 0x40;
	return source;
}

static struct source *failing(uint64_t offset, uint64_t length)
{
	struct source *below = memory();
	struct source *fault = NULL;
	struct fault_rule rule = {
		.action = FAULT_SHORT, .offset = offset, .length = length, .errnum = EIO};

	must(fault_new(below, &fault) == 0);
	source_unref(below);
	fault_add(fault, &rule);
	return fault;
}

static struct compare_result run(struct source *first, struct source *second,
				 const struct compare_plan *plan)
{
	struct compare_result result = {0};

	must(compare_sources(first, second, SECTOR, plan, &result) == 0);
	source_unref(first);
	source_unref(second);
	return result;
}

static const struct compare_plan whole = {0};

static void test_equal(void)
{
	struct compare_result result = run(memory(), memory(), &whole);

	is(result.total, SIZE, "equal: all is to be compared");
	is(result.compared, SIZE, "  and was");
	is(result.differing, 0, "  no difference");
	is(result.unreadable + result.stopped + result.sample, 0, "  nothing skipped");
}

static void test_bytes(void)
{
	static const uint64_t edges[] = {
		0,	 1, 511, 512, COMPARE_PIECE - 1, COMPARE_PIECE, 2 * COMPARE_PIECE + 12345,
		SIZE - 1};

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		struct compare_result result = run(memory(), changed(&edges[i], 1), &whole);

		is(result.first, edges[i], "a byte at %" PRIu64 ": found there", edges[i]);
		is(result.differing, 1, "  one");
		is(result.first_kind, COMPARE_BYTES, "  as what it is");
		is(result.compared, SIZE, "  and all was compared");
	}
	is(run(changed(edges, 8), memory(), &whole).differing, 8, "eight bytes: all are counted");
	is(run(changed(edges + 2, 6), memory(), &whole).first, 511, "  the first is reported");
}

static void test_failures(void)
{
	struct compare_result result = run(memory(), failing(70000, 10), &whole);

	is(result.first_kind, COMPARE_SECOND_FAILED, "the second fails: a difference");
	is(result.first, 70000 / SECTOR * SECTOR, "  at its sector");
	is(result.differing, SECTOR, "  of that sector alone");
	is(result.compared, SIZE - SECTOR, "  the others were compared");
	result = run(failing(SIZE - 1, 1), memory(), &whole);
	is(result.first_kind, COMPARE_FIRST_FAILED, "the first fails: a difference");
	is(result.first + result.differing, SIZE, "  to the end");
	result = run(failing(1000, 600), failing(1000, 600), &whole);
	is(result.differing, 0, "both fail: no difference");
	is(result.unreadable, 3 * SECTOR, "  but counted");
	is(result.compared, SIZE - 3 * SECTOR, "  and not as compared");
	result = run(failing(1000, 1), failing(5000, 1), &whole);
	is(result.differing, 2 * SECTOR, "each fails elsewhere: two differences");
	is(result.first_kind, COMPARE_FIRST_FAILED, "  the first of them is reported");
}

/* A source that remembers what was read of it. */
struct watch {
	struct source head;
	uint64_t size;
	size_t count;
	uint64_t places[64];
};

static int watch_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	struct watch *watch = (struct watch *)source;

	memset(buffer, 0, length);
	if (watch->count < 64)
		watch->places[watch->count++] = offset;
	return 0;
}

static void watch_close(struct source *source)
{
	(void)source;
}

static const struct source_ops watch_ops = {
	.name = "watch", .pread = watch_pread, .close = watch_close};

static struct compare_result sample(uint64_t size, unsigned int count, uint64_t seed,
				    struct watch *watch)
{
	struct compare_plan plan = {.sample = count, .seed = seed};
	struct compare_result result = {0};

	*watch = (struct watch){.size = size};
	source_init(&watch->head, &watch_ops, size, SECTOR);
	must(compare_sources(&watch->head, &watch->head, SECTOR, &plan, &result) == 0);
	return result;
}

static void test_sample(void)
{
	static struct watch a;
	static struct watch b;
	const uint64_t size = ((uint64_t)1 << 50) + 1000;
	struct compare_result result = sample(size, 16, 7, &a);
	bool spread = true;

	is(result.sample, 16, "a sample of a PiB: sixteen places");
	is(result.compared, 15 * COMPARE_PLACE + 1000, "  so many bytes");
	is(result.total, result.compared, "  as announced");
	is(a.places[0], 0, "  the first place");
	is(a.places[31], ((uint64_t)1 << 50), "  the last one, which is short");
	for (size_t i = 0; i < 16; i++) {
		uint64_t stretch = size / 16;
		uint64_t at = a.places[2 * i];

		spread = spread && at % COMPARE_PLACE == 0 && at + COMPARE_PLACE >= i * stretch &&
			 at <= (i + 1) * stretch;
	}
	ok(spread, "  one in each sixteenth");
	(void)sample(size, 16, 7, &b);
	ok(memcmp(a.places, b.places, sizeof(a.places)) == 0, "  the same seed, the same places");
	(void)sample(size, 16, 8, &b);
	ok(memcmp(a.places, b.places, sizeof(a.places)) != 0, "  another seed, others");
	result = sample((uint64_t)5 * COMPARE_PLACE, 5, 1, &a);
	is(result.sample, 0, "as many places as there are: every sector");
	is(result.compared, 5 * COMPARE_PLACE, "  all of them");
	result = sample((uint64_t)5 * COMPARE_PLACE, 1, 1, &a);
	is(result.compared, COMPARE_PLACE, "one place");
	(void)sample(UINT64_MAX - 4095, COMPARE_SAMPLE_MAX, 1, &a);
	is(a.count, 64, "the largest sample of the largest source");
}

static bool stop_at_second(void *context, uint64_t done, uint64_t total)
{
	unsigned int *calls = context;

	must(done <= total);
	return ++*calls < 2;
}

static void test_stop(void)
{
	unsigned int calls = 0;
	struct compare_plan plan = {.progress = stop_at_second, .context = &calls};
	struct compare_result result = run(memory(), memory(), &plan);

	ok(result.stopped, "stopped: it says so");
	is(result.compared, 2 * COMPARE_PIECE, "  and what was compared until then");
	is(calls, 2, "  not asked again");
}

int main(void)
{
	fill();
	test_equal();
	test_bytes();
	test_failures();
	test_sample();
	test_stop();
	return tap_done();
}
