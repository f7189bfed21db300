/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every byte source promises (disk/source.h), as one test: any source, with the bytes it must
 * give. Exact reads at every edge, nothing written around the buffer, ranges that are refused,
 * zeros only where zeros are, many threads at once, the reference count.
 *
 * Include it once in a test that also uses tests/tap.h; results are TAP lines that begin with the
 * name. The source must not be used by others meanwhile.
 */
#ifndef ADEFUSE_TESTS_SOURCE_CONTRACT_H
#define ADEFUSE_TESTS_SOURCE_CONTRACT_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/checked.h"
#include "disk/source.h"
#include "tests/tap.h"

enum {
	CONTRACT_GUARD = 64, /* bytes on both sides of a buffer that must stay as they were */
	CONTRACT_FILL = 0xa5,
	CONTRACT_THREADS = 8,
	CONTRACT_READS = 400, /* random reads of each thread */
	CONTRACT_READ_MAX = 150000,
};

/* The buffer of one reader, with its guards. */
struct contract_reader {
	struct source *source;
	const uint8_t *expected;
	size_t size;
	uint64_t random; /* xorshift state */
	uint8_t *memory;
	size_t capacity; /* longest read that fits */
	bool failed;
};

static void contract_reader_init(struct contract_reader *reader, struct source *source,
				 const uint8_t *expected, size_t size, uint64_t seed)
{
	reader->source = source;
	reader->expected = expected;
	reader->size = size;
	reader->random = 0x9e3779b97f4a7c15 * (seed + 1);
	reader->capacity = size > CONTRACT_READ_MAX ? size : CONTRACT_READ_MAX;
	reader->memory = malloc(reader->capacity + 2 * CONTRACT_GUARD);
	reader->failed = false;
	must(reader->memory);
}

static uint64_t contract_random(struct contract_reader *reader, uint64_t below)
{
	reader->random ^= reader->random << 13;
	reader->random ^= reader->random >> 7;
	reader->random ^= reader->random << 17;
	return reader->random % below;
}

static bool contract_filled(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != CONTRACT_FILL)
			return false;
	}
	return true;
}

/*
 * One read, checked for its result, its bytes and for what it must leave alone. What is wholly
 * within the size has to succeed, all else is -EINVAL and touches nothing.
 */
static bool contract_read(struct contract_reader *reader, uint64_t offset, size_t length)
{
	uint8_t *buffer = reader->memory + CONTRACT_GUARD;
	bool inside = checked_within(offset, length, reader->size);
	size_t room = length < reader->capacity ? length : reader->capacity;
	int result;

	memset(reader->memory, CONTRACT_FILL, room + 2 * CONTRACT_GUARD);
	result = source_pread(reader->source, buffer, length, offset);
	if (result != (inside ? 0 : -EINVAL))
		return false;
	if (!contract_filled(reader->memory, CONTRACT_GUARD) ||
	    !contract_filled(buffer + room, CONTRACT_GUARD))
		return false;
	if (!inside)
		return contract_filled(buffer, room);
	return length == 0 || memcmp(buffer, reader->expected + offset, length) == 0;
}

/* contract_read() that says where it failed, once. */
static void contract_expect(struct contract_reader *reader, uint64_t offset, size_t length)
{
	if (contract_read(reader, offset, length) || reader->failed)
		return;
	reader->failed = true;
	printf("# first failure: offset %llu, length %zu of %zu bytes\n",
	       (unsigned long long)offset, length, reader->size);
}

static void contract_edges(struct contract_reader *reader, const char *name)
{
	static const size_t steps[] = {0,    1,	   2,	 3,    15,   16,   17,	  511,	 512,  513,
				       4095, 4096, 4097, 8191, 8192, 8193, 65535, 65536, 65537};
	size_t count = sizeof(steps) / sizeof(steps[0]);

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < count; k++) {
			contract_expect(reader, steps[i], steps[k]);
			contract_expect(reader, (uint64_t)reader->size - steps[i], steps[k]);
			contract_expect(reader, reader->size / 2 + steps[i], steps[k]);
			contract_expect(reader, reader->size / 2 - steps[i], steps[k]);
		}
	}
	ok(!reader->failed, "%s: exact reads at every edge, refused behind it", name);
	reader->failed = false;
	contract_expect(reader, 0, reader->size);
	for (size_t i = 0; i < 1100 && i < reader->size; i++) {
		contract_expect(reader, i, 1);
		contract_expect(reader, reader->size - 1 - i, 1);
	}
	ok(!reader->failed, "%s: read as a whole and byte by byte", name);
	reader->failed = false;
}

static void contract_refusals(struct contract_reader *reader, const char *name)
{
	static const uint64_t far[] = {UINT32_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
	size_t size = reader->size;

	contract_expect(reader, 0, 0);
	contract_expect(reader, size, 0);
	contract_expect(reader, (uint64_t)size + 1, 0);
	contract_expect(reader, 0, size + 1);
	contract_expect(reader, 1, size);
	contract_expect(reader, size, 1);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		contract_expect(reader, size + far[i], 1);
		contract_expect(reader, UINT64_MAX - far[i] + size, 1);
		contract_expect(reader, far[i] - size, size + 1);
		contract_expect(reader, 1, (size_t)far[i]);
		contract_expect(reader, size, (size_t)far[i]);
		contract_expect(reader, UINT64_MAX, (size_t)far[i]);
	}
	ok(!reader->failed, "%s: zero length, and ranges that are not within it", name);
	reader->failed = false;
}

/* What is said to stand at `offset` must; returns for how many bytes, 0 when it is wrong. */
static uint64_t contract_extent(struct contract_reader *reader, uint64_t offset)
{
	uint64_t length = UINT64_MAX;
	enum source_extent kind = source_extent(reader->source, offset, &length);
	bool right = length > 0 && checked_within(offset, length, reader->size);

	for (uint64_t i = 0; right && kind == SOURCE_ZERO && i < length; i++)
		right = reader->expected[offset + i] == 0;
	if (right)
		return length;
	if (!reader->failed)
		printf("# first failure: extent at %llu: %s of %llu bytes\n",
		       (unsigned long long)offset, kind == SOURCE_ZERO ? "zeros" : "data",
		       (unsigned long long)length);
	reader->failed = true;
	return 0;
}

static void contract_extents(struct contract_reader *reader, const char *name)
{
	static const uint64_t behind[] = {0, 1, 4096, INT64_MAX};
	uint64_t length = 1;

	for (uint64_t at = 0; at < reader->size && length > 0; at += length) {
		length = contract_extent(reader, at);
		/* from its last byte on, too */
		if (length > 1)
			(void)contract_extent(reader, at + length - 1);
	}
	for (size_t i = 0; i < 200 && reader->size > 0; i++)
		(void)contract_extent(reader, contract_random(reader, reader->size));
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		enum source_extent kind =
			source_extent(reader->source, reader->size + behind[i], &length);

		if (kind != SOURCE_DATA || length != 0)
			reader->failed = true;
	}
	ok(!reader->failed, "%s: zeros are told only where zeros are", name);
	reader->failed = false;
}

static void contract_random_read(struct contract_reader *reader)
{
	uint64_t offset = contract_random(reader, reader->size);
	uint64_t most = reader->size - offset;
	uint64_t length;

	if (most > CONTRACT_READ_MAX)
		most = CONTRACT_READ_MAX;
	/* half of them short, as file systems read their records */
	if (most > 1024 && contract_random(reader, 2))
		most = 1024;
	length = 1 + contract_random(reader, most);
	if (!contract_read(reader, offset, (size_t)length))
		reader->failed = true;
}

static void *contract_thread(void *argument)
{
	struct contract_reader *reader = argument;

	for (int i = 0; i < CONTRACT_READS; i++) {
		struct source *held = source_ref(reader->source);

		contract_random_read(reader);
		source_unref(held);
	}
	return NULL;
}

static void contract_threads(struct source *source, const uint8_t *expected, size_t size,
			     const char *name)
{
	struct contract_reader readers[CONTRACT_THREADS];
	pthread_t threads[CONTRACT_THREADS];
	int failed = 0;

	for (size_t i = 0; i < CONTRACT_THREADS; i++) {
		contract_reader_init(&readers[i], source, expected, size, i + 1);
		must(pthread_create(&threads[i], NULL, contract_thread, &readers[i]) == 0);
	}
	for (size_t i = 0; i < CONTRACT_THREADS; i++) {
		must(pthread_join(threads[i], NULL) == 0);
		failed += readers[i].failed;
		free(readers[i].memory);
	}
	is(failed, 0, "%s: unaligned reads by %d threads at once", name, CONTRACT_THREADS);
}

/*
 * Check `source` against the `size` bytes (at least 1) it must hold. The caller's reference stays
 * the caller's.
 */
static inline void source_contract(struct source *source, const uint8_t *expected, size_t size,
				   const char *name)
{
	struct contract_reader reader;
	unsigned int references = atomic_load(&source->references);

	is(source->size, size, "%s: size", name);
	if (source->size != size || size == 0)
		return;
	contract_reader_init(&reader, source, expected, size, 0);
	contract_edges(&reader, name);
	contract_refusals(&reader, name);
	contract_extents(&reader, name);
	contract_threads(source, expected, size, name);
	ok(source_ref(source) == source, "%s: a reference is the source itself", name);
	source_unref(source);
	contract_expect(&reader, 0, size);
	ok(!reader.failed, "%s: lives on behind a dropped reference", name);
	is(atomic_load(&source->references), references, "%s: references balance", name);
	free(reader.memory);
}

#endif
