/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: lists of datums, protectors, and a whole metadata block. The input is
 *
 *   byte 0    bit 0: the rest is a metadata block, not a list; bit 1: with its CRC put right;
 *             bit 2: sectors of 4096 bytes
 *   the rest  a list of datums, or the block
 *
 * Everything that is handed out lies within the input, datums do not overlap and come to an end,
 * and the places that a block is taken with are on no two things' room.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "bde/format/block.h"
#include "bde/format/protector.h"
#include "bde/wrapped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *data;
	size_t size;
};

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_inside(const struct bytes *all, const uint8_t *data, size_t size)
{
	check(data >= all->data && size <= all->size &&
	      (size_t)(data - all->data) <= all->size - size);
}

static void check_ccm(const struct bytes *all, const struct datum_ccm *ccm)
{
	if (ccm->size == 0)
		return;
	check_inside(all, ccm->nonce, 12);
	check_inside(all, ccm->tag, 16);
	check_inside(all, ccm->data, ccm->size);
}

static void check_protector(const struct bytes *all, const struct datum *datum)
{
	struct protector protector;

	if (!protector_parse(datum, &protector))
		return;
	check_ccm(all, &protector.vmk);
	if (protector.salt)
		check_inside(all, protector.salt, DATUM_SALT_SIZE);
	if (protector.clear_key)
		check_inside(all, protector.clear_key, 32);
	if (protector.name_utf16.left > 0)
		check_inside(all, protector.name_utf16.data, protector.name_utf16.left);
}

/* Opening with a key that does not fit: no secret comes out. */
static void check_unwrap(const struct datum_ccm *ccm)
{
	static const uint8_t key[32] = {1, 2, 3};
	struct secret *secret = NULL;

	check(wrapped_open(ccm, key, &secret, NULL) < 0 && !secret);
}

static void check_list(const struct bytes *all, struct cursor list)
{
	const uint8_t *floor = list.data;
	struct datum datum;
	size_t count = 0;

	while (datum_next(&list, &datum) > 0) {
		struct datum_ccm ccm;
		struct datum_key key;

		check(++count <= all->size / 8);
		check(datum.body.data >= floor + 8);
		check_inside(all, datum.body.data, datum.body.left);
		floor = datum.body.data + datum.body.left;
		check_protector(all, &datum);
		if (datum_read_ccm(&datum, &ccm)) {
			check_ccm(all, &ccm);
			if (count == 1)
				check_unwrap(&ccm);
		}
		if (datum_read_key(&datum, &key))
			check_inside(all, key.key, key.size);
	}
}

static void put_crc(uint8_t *block, size_t size)
{
	size_t covered;
	uint32_t crc;

	if (size < 16)
		return;
	covered = ((size_t)block[8] | (size_t)block[9] << 8) * 16;
	if (covered + 8 > size)
		return;
	crc = crc32_compute(block, covered);
	for (size_t i = 0; i < 4; i++)
		block[covered + 4 + i] = (uint8_t)(crc >> (8 * i));
}

static void check_places(const struct block *block, uint32_t sector_size)
{
	check(block->header_size % sector_size == 0 && block->header_offset % sector_size == 0);
	check((block->header_size == 0) == (block->header_offset == 0));
	check(block->header_size <= block->header_offset);
	check(block->header_offset <= INT64_MAX - block->header_size);
	for (size_t i = 0; i < BLOCK_COPIES; i++) {
		check(block_names_place(block, block->offsets[i]));
		check(block->offsets[i] >= block->header_size && block->offsets[i] > 0 &&
		      block->offsets[i] <= INT64_MAX - BLOCK_SIZE);
		check(block->offsets[i] + BLOCK_SIZE <= block->header_offset ||
		      block->offsets[i] >= block->header_offset + block->header_size);
	}
}

static void check_block(const struct bytes *all, uint32_t sector_size)
{
	struct block block = {0};
	struct err err = {0};

	if (block_parse(all->data, all->size, sector_size, &block, &err) < 0) {
		check(err.kind == ERR_DISK && err.message[0] && block.size == 0);
		return;
	}
	check(block.version == 1 || block.version == 2);
	check_inside(all, block.datums.data, block.datums.left);
	check_ccm(all, &block.fvek);
	check_ccm(all, &block.hash);
	if (block.text_utf16.left > 0)
		check_inside(all, block.text_utf16.data, block.text_utf16.left);
	if (block.version == 2) {
		check(block.size <= all->size);
		check_places(&block, sector_size);
	}
	check_list(all, block.datums);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all;
	uint8_t *copy;

	if (size < 1 || size > 1 + BLOCK_SIZE)
		return 0;
	all.size = size - 1;
	copy = malloc(all.size ? all.size : 1);
	check(copy != NULL);
	memcpy(copy, data + 1, all.size);
	all.data = copy;
	if (data[0] & 2)
		put_crc(copy, all.size);
	if (data[0] & 1)
		check_block(&all, data[0] & 4 ? 4096 : 512);
	else
		check_list(&all, cursor_make(copy, all.size));
	free(copy);
	return 0;
}
