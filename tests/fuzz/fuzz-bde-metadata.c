/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: the metadata of a volume, from boot sector to plaintext. The input is
 *
 *   byte 0      options: bit 0 put the CRC of the copies right, else nothing gets past it;
 *               bit 1 the volume is cut after the second copy; bits 2-3 how long it is
 *               otherwise: 1 MiB, 64 MiB, 4 TiB, nearly 2^64
 *   512 bytes   boot sector
 *   the rest    a metadata block, which is at every offset that the boot sector names and at
 *               the three that made_new() uses
 *
 * Everything that bde.h offers is then done with the volume. It ends, nothing leaks, and what is
 * refused has words.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/crc32.h"
#include "bde/bde.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	BOOT = 512,
	BLOCK = 65536,
	READ = 16384
};

/* Zeros but for the boot sector and the blocks. */
struct image {
	struct source head;
	uint8_t boot[BOOT];
	uint8_t block[BLOCK];
	uint64_t places[6];
};

static void check(int condition)
{
	if (!condition)
		abort();
}

/* Copy the part of `piece`, which is at `place`, that lies in [offset, offset + length). */
static void lay(uint8_t *out, size_t length, uint64_t offset, const uint8_t *piece,
		size_t piece_size, uint64_t place)
{
	uint64_t start = place > offset ? place : offset;
	uint64_t end = offset + length;
	uint64_t piece_end;

	if (!checked_add(place, piece_size, &piece_end))
		return;
	if (end > piece_end)
		end = piece_end;
	if (start < end)
		memcpy(out + (start - offset), piece + (start - place), (size_t)(end - start));
}

static int image_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	const struct image *image = (const struct image *)source;

	memset(buffer, 0, length);
	for (size_t i = 0; i < sizeof(image->places) / sizeof(image->places[0]); i++)
		lay(buffer, length, offset, image->block, BLOCK, image->places[i]);
	lay(buffer, length, offset, image->boot, BOOT, 0);
	return 0;
}

static void image_close(struct source *source)
{
	free(source);
}

static const struct source_ops image_ops = {
	.name = "fuzz",
	.pread = image_pread,
	.close = image_close,
};

static uint64_t get_le64(const uint8_t *p)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

static void repair(uint8_t *block)
{
	size_t size = ((size_t)block[8] | (size_t)block[9] << 8) * 16;
	uint32_t crc;

	if (size + 8 > BLOCK)
		return;
	crc = crc32_compute(block, size);
	for (size_t i = 0; i < 4; i++)
		block[size + 4 + i] = (uint8_t)(crc >> (8 * i));
}

static struct source *make_image(const uint8_t *data, size_t size)
{
	static const uint64_t sizes[] = {1 << 20, 64 << 20, 4ULL << 40, UINT64_MAX - 511};
	uint64_t image_size = data[0] & 2 ? 0x90000 : sizes[data[0] >> 2 & 3];
	struct image *image = calloc(1, sizeof(*image));
	size_t boot_at;

	check(image != NULL);
	source_init(&image->head, &image_ops, image_size, 0);
	memcpy(image->boot, data + 1, BOOT);
	memcpy(image->block, data + 1 + BOOT, size - 1 - BOOT);
	if (data[0] & 1)
		repair(image->block);
	boot_at = image->boot[3] == 'M' ? 0x1b8 : 0xb0;
	for (size_t i = 0; i < 3; i++) {
		image->places[i] = get_le64(image->boot + boot_at + 8 * i);
		image->places[3 + i] = 0x40000 * (i + 1);
	}
	return &image->head;
}

static void read_some(struct source *volume, uint64_t at)
{
	static uint8_t buffer[READ];
	size_t length = READ;

	if (at >= volume->size)
		return;
	if (length > volume->size - at)
		length = (size_t)(volume->size - at);
	(void)source_pread(volume, buffer, length, at);
}

static void use_volume(struct source *disk, const struct bde_metadata *metadata,
		       const struct bde_unlocked *unlocked)
{
	const struct bde_info *info = bde_metadata_info(metadata);
	struct source *volume = NULL;
	struct err err = {0};

	if (bde_volume_open(disk, metadata, unlocked, 0, NULL, &volume, &err) < 0) {
		check(err.kind != ERR_NONE && err.message[0]);
		return;
	}
	check(volume->size <= disk->size || volume->size <= INT64_MAX);
	/* of a volume that says it is longer than the disk, the rest is not made up */
	if (volume->size > disk->size) {
		uint8_t byte;

		check(source_pread(volume, &byte, 1, volume->size - 1) == -EIO);
	}
	read_some(volume, 0);
	read_some(volume, info->header_size - 1);
	read_some(volume, info->header_offset - 1);
	for (size_t i = 0; i < BDE_COPIES; i++)
		read_some(volume, info->copies[i].offset - 1);
	read_some(volume, volume->size - 100);
	source_unref(volume);
}

/* Only keys without stretching: a million rounds an input would be all that is fuzzed. */
static void use_keys(struct source *disk, const struct bde_metadata *metadata)
{
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	struct bde_unlocked *unlocked CLEANUP(bde_unlocked_free) = NULL;
	const struct bde_protector *protector = NULL;
	struct err err = {0};

	check(bde_key_clear(&key, &err) == 0);
	if (bde_unlock(metadata, key, &unlocked, &protector, &err) == 0)
		use_volume(disk, metadata, unlocked);
	else
		check(err.kind != ERR_NONE && err.message[0]);
}

static void check_info(const struct bde_info *info, const struct source *disk)
{
	check(info->protector_count <= BDE_PROTECTOR_MAX);
	check(info->volume_size <= disk->size);
	check(info->sector_size == 512 || info->sector_size == 4096);
	check(checked_within(info->header_offset, info->header_size, INT64_MAX));
	check(bde_method_name(info->method) && bde_state_name(info->state));
	for (size_t i = 0; i < BDE_COPIES; i++)
		check(info->copies[i].valid == !info->copies[i].problem);
	for (size_t i = 0; i < info->protector_count; i++)
		check(bde_protector_type_name(info->protectors[i].type) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bde_metadata *metadata CLEANUP(bde_metadata_free) = NULL;
	struct source *disk CLEANUP(source_unref) = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	struct err err = {0};

	if (size < 1 + BOOT || size > 1 + BOOT + BLOCK)
		return 0;
	disk = make_image(data, size);
	check(bde_probe(disk, &err) >= 0);
	if (bde_metadata_read(disk, 0, &notes, &metadata, &err) < 0) {
		check(err.kind != ERR_NONE && err.message[0]);
		return 0;
	}
	check_info(bde_metadata_info(metadata), disk);
	use_keys(disk, metadata);
	use_volume(disk, metadata, NULL);
	check(atomic_load(&disk->references) == 1);
	return 0;
}
