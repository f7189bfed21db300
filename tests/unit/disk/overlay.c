/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk/overlay and disk/memory: the contract of sources, ranges at every edge, ranges that are
 * refused. */
#include "disk/overlay.h"

#include "disk/memory.h"
#include "disk/partition/filesystem.h"
#include "tests/fault.h"
#include "tests/source_contract.h"

enum {
	DISK_SIZE = 300000
};

static struct source *filled(size_t size, unsigned int seed, uint8_t *expected)
{
	struct source *source = NULL;
	uint8_t *data = malloc(size);

	must(data);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)((i * 2654435761U + seed) >> 13);
	must(memory_new(data, size, &source) == 0);
	if (expected)
		memcpy(expected, data, size);
	free(data);
	return source;
}

static void test_contract(void)
{
	/* out of order, one at the start, two that touch, one at the end */
	static const struct {
		uint64_t offset;
		size_t size;
	} places[] = {{100000, 50000}, {0, 4096}, {150000, 1}, {299488, 512}, {70000, 10000}};
	enum {
		COUNT = sizeof(places) / sizeof(places[0])
	};
	struct overlay_range ranges[COUNT];
	uint8_t *expected = malloc(DISK_SIZE);
	struct source *disk;
	struct source *overlay = NULL;

	must(expected);
	disk = filled(DISK_SIZE, 0, expected);
	source_contract(disk, expected, DISK_SIZE, "memory");
	for (unsigned int i = 0; i < COUNT; i++) {
		ranges[i].offset = places[i].offset;
		ranges[i].source = filled(places[i].size, i + 1, expected + places[i].offset);
	}
	must(overlay_new(disk, ranges, COUNT, &overlay) == 0);
	source_unref(disk);
	for (unsigned int i = 0; i < COUNT; i++)
		source_unref(ranges[i].source);
	source_contract(overlay, expected, DISK_SIZE, "overlay");
	source_unref(overlay);
	free(expected);
}

static void refuses(uint64_t first, size_t first_size, uint64_t second, size_t second_size,
		    const char *name)
{
	struct source *disk = filled(1000, 0, NULL);
	struct source *a = filled(first_size, 1, NULL);
	struct source *b = filled(second_size, 2, NULL);
	struct overlay_range ranges[2] = {{first, a}, {second, b}};
	struct source *overlay = NULL;

	is(overlay_new(disk, ranges, 2, &overlay), -EINVAL, "%s", name);
	is(atomic_load(&a->references), 1, "%s: nothing is kept", name);
	source_unref(a);
	source_unref(b);
	source_unref(disk);
}

/* A failing range fails the reads that touch it, and no others. */
static void test_faults(void)
{
	struct source *disk = filled(1000, 0, NULL);
	struct source *inner = filled(100, 1, NULL);
	struct source *faulty = NULL;
	struct source *overlay = NULL;
	struct overlay_range range = {.offset = 500};
	uint8_t buffer[1000];

	must(fault_new(inner, &faulty) == 0);
	fault_add(faulty,
		  &(struct fault_rule){.action = FAULT_ERROR, .length = UINT64_MAX, .errnum = EIO});
	range.source = faulty;
	must(overlay_new(disk, &range, 1, &overlay) == 0);
	is(source_pread(overlay, buffer, 1000, 0), -EIO,
	   "a failing range fails the read across it");
	is(source_pread(overlay, buffer, 1, 599), -EIO, "its last byte");
	is(source_pread(overlay, buffer, 500, 0), 0, "what is before it is read");
	is(source_pread(overlay, buffer, 400, 600), 0, "and what follows");
	source_unref(overlay);
	source_unref(faulty);
	source_unref(inner);
	source_unref(disk);
}

static void test_names(void)
{
	struct source *small = filled(10, 0, NULL);

	is_text(filesystem_name(small), "unknown", "too small for a boot sector");
	source_unref(small);
}

int main(void)
{
	test_contract();
	refuses(0, 100, 99, 100, "overlapping ranges");
	refuses(500, 100, 500, 100, "the same range twice");
	refuses(0, 100, 901, 100, "a range past the end");
	refuses(0, 100, UINT64_MAX - 10, 100, "an offset that wraps");
	refuses(0, 100, 200, 0, "an empty range");
	test_faults();
	test_names();
	return tap_done();
}
