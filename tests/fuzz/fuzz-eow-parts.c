/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: the readers of encrypt-on-write structures by themselves. The input is
 *
 *   byte 0    bits 0-1 which: descriptor, bitmap with its records, log, log entry; bit 2 put the
 *             checksums right
 *   the rest  the structure, exactly as long as what is there
 *
 * What is taken lies within it; its numbers are such that eow_map.c may count with them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "bde/format/eow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static void put_crc(uint8_t *at, size_t room, size_t size, size_t field)
{
	uint32_t crc;

	if (size > room || size < field + 4)
		return;
	memset(at + field, 0, 4);
	crc = crc32_compute(at, size);
	for (size_t i = 0; i < 4; i++)
		at[field + i] = (uint8_t)(crc >> (8 * i));
}

static void try_descriptor(uint8_t *data, size_t size, int repair)
{
	struct eow_descriptor descriptor = {0};
	struct err err = {0};

	if (repair && size >= 56)
		put_crc(data, size, get(data + 10, 2), 36);
	if (eow_descriptor_parse(data, size, &descriptor, &err) < 0) {
		check(err.kind == ERR_DISK && err.message[0] && descriptor.size == 0);
		return;
	}
	check(descriptor.size <= size && descriptor.count > 0);
	check(56 + 8 * (uint64_t)descriptor.count == descriptor.size);
	check(descriptor.sector_size == 512 || descriptor.sector_size == 4096);
	check(descriptor.chunk_size > 0 && descriptor.chunk_size % descriptor.sector_size == 0);
	check(descriptor.log_size >= 2 * (uint64_t)descriptor.log_entry_size);
	for (uint32_t i = 0; i < descriptor.count; i++)
		check(eow_bitmap_offset(&descriptor, i) == get(data + 56 + 8 * (size_t)i, 8));
}

static void try_record(uint8_t *data, const struct eow_bitmap *bitmap, unsigned int index,
		       int repair)
{
	uint8_t *at = data + bitmap->record_offsets[index];
	size_t size = bitmap->record_size;
	struct eow_record record;
	uint64_t count = size >= 20 ? get(at + 16, 4) : 0;

	if (repair)
		put_crc(at, size, size, 32);
	record = eow_record_parse(data, bitmap, index, count);
	if (!record.valid)
		return;
	check(record.bits == at + 36 && record.bit_count == count);
	check(count <= 8 * (uint64_t)(size - 36));
	if (count > 0)
		(void)eow_bit(record.bits, count - 1);
	check(!eow_record_parse(data, bitmap, index, count + 1).valid);
}

static void try_bitmap(uint8_t *data, size_t size, int repair)
{
	struct eow_bitmap bitmap = {0};
	struct err err = {0};

	if (repair && size >= 60)
		put_crc(data, size, get(data + 44, 4), 56);
	if (eow_bitmap_parse(data, size, &bitmap, &err) < 0) {
		check(err.kind == ERR_DISK && err.message[0] && bitmap.size == 0);
		return;
	}
	check(bitmap.size <= size && bitmap.size <= EOW_BITMAP_MAX);
	for (unsigned int i = 0; i < EOW_RECORDS; i++) {
		check((uint64_t)bitmap.record_offsets[i] + bitmap.record_size <= bitmap.size);
		try_record(data, &bitmap, i, repair);
	}
}

static void try_log(const uint8_t *data, size_t size)
{
	struct eow_log log = {0};

	if (!eow_log_parse(data, size, &log))
		return;
	check(size >= EOW_LOG_HEADER_SIZE);
	check(log.block_size == 512 || log.block_size == 4096);
}

static void try_entry(uint8_t *data, size_t size, int repair)
{
	struct eow_entry entry;

	if (repair && size >= EOW_ENTRY_HEADER_SIZE) {
		uint32_t crc = crc32_compute(data, 28);

		for (size_t i = 0; i < 4; i++)
			data[28 + i] = (uint8_t)(crc >> (8 * i));
	}
	entry = eow_entry_parse(data, size);
	check(!entry.valid || (size >= EOW_ENTRY_HEADER_SIZE && !entry.blank));
	check(!entry.valid || (entry.lsn == get(data + 4, 8) && entry.chunk == get(data + 12, 8)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	int repair;

	if (size < 1 || size > (size_t)2 * EOW_BITMAP_MAX)
		return 0;
	repair = data[0] & 4;
	copy = malloc(size);
	check(copy != NULL);
	/* at the end of the room, so that a sanitizer sees a read past it */
	memcpy(copy, data, size);
	switch (data[0] & 3) {
	case 0:
		try_descriptor(copy + 1, size - 1, repair);
		break;
	case 1:
		try_bitmap(copy + 1, size - 1, repair);
		break;
	case 2:
		try_log(copy + 1, size - 1);
		break;
	default:
		try_entry(copy + 1, size - 1, repair);
		break;
	}
	free(copy);
	return 0;
}
