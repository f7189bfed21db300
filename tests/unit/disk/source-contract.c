/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract of byte sources over each layer of disk/, and over layers stacked on one another. */
#include "tests/source_contract.h"

#include <unistd.h>

#include "disk/file.h"
#include "disk/image/image.h"
#include "disk/memory.h"
#include "disk/slice.h"
#include "tests/craft.h"
#include "tests/fault.h"

enum {
	SIZE = 300001, /* no multiple of anything */
};

static uint8_t pattern[SIZE];

static void fill_pattern(void)
{
	uint32_t state = 12345;

	for (size_t i = 0; i < SIZE; i++) {
		state = state * 1664525 + 1013904223;
		pattern[i] = (uint8_t)(state >> 24);
	}
}

/* A file of these bytes as a source; it has no name any more when this returns. */
static struct source *open_file(const uint8_t *data, size_t size, const uint8_t *more,
				size_t more_size)
{
	char path[] = "source-contract.XXXXXX";
	struct source *source = NULL;
	int fd = mkstemp(path);

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	must(write(fd, more, more_size) == (ssize_t)more_size);
	must(close(fd) == 0);
	must(file_open(path, &source, NULL) == 0);
	must(unlink(path) == 0);
	return source;
}

static void test_plain_layers(void)
{
	struct source *file = open_file(pattern, SIZE, NULL, 0);
	struct source *memory = NULL;
	struct source *slice = NULL;
	struct source *inner = NULL;
	uint8_t one = 7;

	source_contract(file, pattern, SIZE, "file");
	must(memory_new(pattern, SIZE, &memory) == 0);
	source_contract(memory, pattern, SIZE, "memory");
	source_unref(memory);
	must(slice_new(file, 777, SIZE - 1000, &slice) == 0);
	source_contract(slice, pattern + 777, SIZE - 1000, "slice");
	must(slice_new(slice, 4096, 9001, &inner) == 0);
	source_unref(slice);
	source_unref(file);
	source_contract(inner, pattern + 777 + 4096, 9001, "slice of a slice of a file");
	source_unref(inner);
	must(memory_new(&one, 1, &memory) == 0);
	source_contract(memory, &one, 1, "one byte");
	source_unref(memory);
}

static const size_t hole = (size_t)1 << 20; /* more than any file system's block */

/* hole, data, hole, data of one byte, hole; the last one is the file's end */
static struct source *open_sparse(uint8_t *expected, bool shrink)
{
	char path[] = "source-contract.XXXXXX";
	struct source *source = NULL;
	int fd = mkstemp(path);

	must(fd >= 0);
	memset(expected, 0, 5 * hole);
	memcpy(expected + hole, pattern, SIZE);
	expected[3 * hole] = 1;
	must(pwrite(fd, pattern, SIZE, (off_t)hole) == SIZE);
	must(pwrite(fd, expected + 3 * hole, 1, (off_t)(3 * hole)) == 1);
	must(ftruncate(fd, (off_t)(5 * hole)) == 0);
	must(file_open(path, &source, NULL) == 0);
	if (shrink)
		must(ftruncate(fd, (off_t)(4 * hole)) == 0);
	must(close(fd) == 0);
	must(unlink(path) == 0);
	return source;
}

static void test_holes(void)
{
	uint8_t *expected = malloc(5 * hole);
	struct source *file = open_sparse(expected, false);
	struct source *slice = NULL;
	uint64_t length = 0;

	must(expected);
	source_contract(file, expected, 5 * hole, "file with holes");
	if (source_extent(file, 0, &length) == SOURCE_ZERO) {
		is(length, hole, "hole: as far as it goes");
		is(source_extent(file, 4 * hole, &length), SOURCE_ZERO, "hole: the last one");
		is(length, hole, "hole: up to the end");
		must(slice_new(file, 7, 100, &slice) == 0);
		is(source_extent(slice, 1, &length), SOURCE_ZERO, "hole: seen through a slice");
		is(length, 99, "hole: no further than the slice");
		source_unref(slice);
	} else {
		printf("# no holes in this file system\n");
	}
	source_unref(file);
	file = open_sparse(expected, true);
	is(source_extent(file, 4 * hole, &length), SOURCE_DATA, "no hole past a new end");
	is(source_extent(file, 5 * hole - 1, &length), SOURCE_DATA, "nor before the old one");
	(void)source_extent(file, 4 * hole - 10, &length);
	ok(length <= 10, "a last hole ends with the file as it is now");
	source_unref(file);
	free(expected);
}

static void test_slice_bounds(void)
{
	struct source *memory = NULL;
	struct source *slice = NULL;
	uint8_t byte;

	must(memory_new(pattern, 1000, &memory) == 0);
	is(slice_new(memory, 0, 1001, &slice), -EINVAL, "slice: longer than what is below");
	is(slice_new(memory, 1001, 0, &slice), -EINVAL, "slice: begins past the end");
	is(slice_new(memory, 2, UINT64_MAX, &slice), -EINVAL, "slice: the sum wraps");
	is(slice_new(memory, UINT64_MAX, 2, &slice), -EINVAL, "slice: the sum wraps, from far");
	is(atomic_load(&memory->references), 1, "slice: holds nothing after a refusal");
	must(slice_new(memory, 1000, 0, &slice) == 0);
	is(slice->size, 0, "slice: an empty one at the end");
	is(source_pread(slice, &byte, 0, 0), 0, "slice: nothing read of an empty one");
	is(source_pread(slice, &byte, 1, 0), -EINVAL, "slice: a byte of an empty one");
	source_unref(slice);
	memory->sector_size = 4096;
	must(slice_new(memory, 0, 512, &slice) == 0);
	is(slice->sector_size, 4096, "slice: inherits the sector size");
	source_unref(slice);
	source_unref(memory);
}

static void test_vhd(void)
{
	enum {
		DISK = 294912
	}; /* sectors that fit into the pattern */
	uint8_t footer[512];
	size_t sizes[] = {512, 511};

	craft_footer(footer, DISK, 2);
	for (size_t i = 0; i < 2; i++) {
		struct source *file = open_file(pattern, DISK, footer, sizes[i]);
		enum image_format format = IMAGE_RAW;
		struct notes notes CLEANUP(notes_clear) = {0};
		struct source *disk = NULL;

		must(image_open(file, "a.vhd", &notes, &format, &disk, NULL) == 0);
		source_unref(file);
		is(format, IMAGE_VHD_FIXED, "vhd with %zu bytes of footer: recognised", sizes[i]);
		is(notes.count, 0, "vhd: nothing to warn of");
		craft_show(&notes);
		is(disk->sector_size, 512, "vhd: its sectors have 512 bytes");
		source_contract(disk, pattern, DISK, i == 0 ? "vhd" : "vhd with an old footer");
		source_unref(disk);
	}
}

static const struct fault_rule rules[] = {
	{.action = FAULT_ERROR, .offset = 5000, .length = 10, .errnum = ENODEV},
	{.action = FAULT_SHORT, .offset = 9000, .length = 1, .errnum = EIO},
	{.action = FAULT_ERROR,
	 .offset = 20000,
	 .length = 1,
	 .skip = 1,
	 .count = 1,
	 .errnum = ETIMEDOUT},
	{.action = FAULT_DELAY, .offset = 30000, .length = 1, .count = 3, .delay_ms = 2},
};

static void test_fault(void)
{
	struct source *memory = NULL;
	struct source *fault = NULL;
	struct source *slice = NULL;
	uint8_t buffer[16384];

	must(memory_new(pattern, SIZE, &memory) == 0);
	must(fault_new(memory, &fault) == 0);
	source_unref(memory);
	source_contract(fault, pattern, SIZE, "fault without a rule");
	fault_add(fault, &rules[3]);
	source_contract(fault, pattern, SIZE, "fault that delays");
	fault_clear(fault);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		fault_add(fault, &rules[i]);
	must(slice_new(fault, 1000, SIZE - 1000, &slice) == 0);
	is(source_pread(slice, buffer, 100, 3900), 0, "slice of fault: before the bad range");
	is(source_pread(slice, buffer, 101, 3900), -ENODEV, "slice of fault: touches it");
	is(source_pread(slice, buffer, 1, 4009), -ENODEV, "slice of fault: its last byte");
	is(source_pread(slice, buffer, 1, 4010), 0, "slice of fault: after it");
	is(source_pread(slice, buffer, 8192, 4010), -EIO, "slice of fault: a short read fails");
	ok(memcmp(buffer, pattern + 5010, 9000 - 5010) == 0 && buffer[9000 - 5010] == 0xee,
	   "fault: gives the bytes before the fault");
	is(source_pread(slice, buffer, 1, 19000), 0, "fault: first read of a rule that skips one");
	is(source_pread(slice, buffer, 1, 19000), -ETIMEDOUT, "fault: second read");
	is(source_pread(slice, buffer, 1, 19000), 0, "fault: third read, the rule is used up");
	ok(fault_reads(fault) > 8, "fault: counts its reads");
	source_unref(slice);
	source_unref(fault);
}

int main(void)
{
	fill_pattern();
	test_plain_layers();
	test_holes();
	test_slice_bounds();
	test_vhd();
	test_fault();
	return tap_done();
}
