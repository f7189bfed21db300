/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: partition tables. The input is one byte of options and a disk:
 *
 *   bits 0-1  sector size that the disk reports: 0 none, 1 512, 2 4096, 3 1024
 *   bit 2     put the checksums of every GPT right first, else nothing gets past them
 *   bits 3-4  the disk is followed by zeros: 0 none, 1 to 1 MiB, 2 to 4 GiB, 3 to nearly 2^64
 *   bit 5     the last 4 KiB of the input are the end of that longer disk
 *
 * Whatever the table says, partitions lie on the disk, are not empty, ascend and have their texts.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/crc32.h"
#include "disk/partition/filesystem.h"
#include "disk/partition/gpt.h"
#include "disk/partition/partition.h"
#include "disk/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	TAIL = 4096,
	INPUT_MAX = 1 << 20,
};

/* A disk of which only the start and perhaps the end are not zeros. */
struct sparse {
	struct source head;
	uint8_t *data;
	size_t size;
	size_t tail; /* so many of the last bytes of the data are the end of the disk */
};

static void check(int condition)
{
	if (!condition)
		abort();
}

/* Copy what a read from `offset` shares with `size` bytes that lie at `at` of the disk. */
static void copy_common(uint8_t *buffer, size_t length, uint64_t offset, const uint8_t *data,
			uint64_t at, size_t size)
{
	uint64_t start = offset > at ? offset : at;
	uint64_t read_end = offset + length;
	uint64_t data_end = at + size;
	uint64_t end = read_end < data_end ? read_end : data_end;

	if (start < end)
		memcpy(buffer + (start - offset), data + (start - at), (size_t)(end - start));
}

static int sparse_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	const struct sparse *sparse = (const struct sparse *)source;
	size_t front = sparse->size - sparse->tail;

	memset(buffer, 0, length);
	copy_common(buffer, length, offset, sparse->data, 0, front);
	copy_common(buffer, length, offset, sparse->data + front, source->size - sparse->tail,
		    sparse->tail);
	return 0;
}

static void sparse_close(struct source *source)
{
	free(((struct sparse *)source)->data);
	free(source);
}

static const struct source_ops sparse_ops = {
	.name = "sparse",
	.pread = sparse_pread,
	.close = sparse_close,
};

static uint64_t get_le(const uint8_t *from, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | from[i];
	return value;
}

static void put_le32(uint8_t *to, uint32_t value)
{
	for (size_t i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

/* The checksums of the header at `at`, whose entries are sought in sectors of `sector` bytes. */
static void seal(struct sparse *sparse, size_t at, uint32_t sector)
{
	uint8_t *header = sparse->data + at;
	uint64_t first = get_le(header + 72, 8);
	uint64_t offset;
	uint64_t length;
	uint32_t header_size = (uint32_t)get_le(header + 12, 4);

	if (checked_mul(get_le(header + 80, 4), get_le(header + 84, 4), &length) &&
	    length <= GPT_ARRAY_MAX && checked_mul(first, sector, &offset) &&
	    checked_within(offset, length, sparse->head.size)) {
		uint8_t *entries = malloc(length ? length : 1);

		check(entries != NULL);
		check(source_pread(&sparse->head, entries, (size_t)length, offset) == 0);
		put_le32(header + 88, crc32_compute(entries, (size_t)length));
		free(entries);
	}
	if (header_size < GPT_HEADER_MIN || header_size > sparse->size - at)
		return;
	put_le32(header + 16, 0);
	put_le32(header + 16, crc32_compute(header, header_size));
}

static void seal_all(struct sparse *sparse)
{
	size_t places[] = {512, TAIL, sparse->size - 512, sparse->size - TAIL};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i] < sparse->size && sparse->size - places[i] >= 512 &&
		    memcmp(sparse->data + places[i], "EFI PART", 8) == 0)
			seal(sparse, places[i], i % 2 == 0 ? 512 : 4096);
	}
}

static void check_table(struct source *disk, const struct partition_table *table)
{
	check(table->count <= PARTITION_MAX);
	for (size_t i = 0; i < table->count; i++) {
		const struct partition *partition = &table->partitions[i];
		struct source *slice = NULL;

		check(partition->size > 0 && partition->size <= partition->size_in_table);
		check(partition->clipped == (partition->size != partition->size_in_table));
		check(i == 0 || partition->number > table->partitions[i - 1].number);
		check((partition->name != NULL) == (table->scheme == PARTITION_GPT));
		check(partition_type_name(table, partition) != NULL);
		check(slice_new(disk, partition->offset, partition->size, &slice) == 0);
		check(filesystem_name(slice) != NULL);
		source_unref(slice);
	}
}

static struct sparse *make_disk(uint8_t options, const uint8_t *data, size_t size)
{
	static const uint32_t sector_sizes[] = {0, 512, 4096, 1024};
	const uint64_t sizes[] = {size, 1 << 20, 1ULL << 32, UINT64_MAX - 4095};
	struct sparse *sparse = calloc(1, sizeof(*sparse));
	uint64_t disk_size = sizes[options >> 3 & 3];

	check(sparse != NULL);
	if (disk_size < size)
		disk_size = size;
	source_init(&sparse->head, &sparse_ops, disk_size, sector_sizes[options & 3]);
	sparse->data = malloc(size);
	check(sparse->data != NULL);
	memcpy(sparse->data, data, size);
	sparse->size = size;
	if (options & 32)
		sparse->tail = size < TAIL ? size : TAIL;
	if (options & 4)
		seal_all(sparse);
	return sparse;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct partition_table *table CLEANUP(partition_table_free) = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	struct err err = {0};
	struct sparse *sparse;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	sparse = make_disk(data[0], data + 1, size - 1);
	check(partition_table_read(&sparse->head, &notes, &table, &err) == 0);
	check_table(&sparse->head, table);
	check(atomic_load(&sparse->head.references) == 1);
	source_unref(&sparse->head);
	return 0;
}
