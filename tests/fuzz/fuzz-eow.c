/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: what says which chunks of an encrypt-on-write volume are ciphertext, from the
 * structures on the disk to the bytes that are served. The volume is that of bde_made_eow.h, with
 * a conversion that was interrupted. The input is
 *
 *   byte 0   options: bit 0 BDE_SALVAGE; bit 1 put every checksum right afterwards; bit 2 sectors
 * of 4096 bytes; bit 3 the boot sector is gone, so that the metadata is searched for then     edits
 * of 6 bytes: u8 window, u16 place in it, 3 bytes to XOR. With bit 7 of the window set the 512
 * bytes there cannot be read instead.
 *
 * Checksums distinguish damage from forgery: while no structure that was changed has a right
 * one, every byte that is served is the plaintext's, and of the chunk that was interrupted nothing
 * is. With forged structures the bytes may be others, but none is made up: each sector is zeros,
 * what is stored on the disk, or what the key makes of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "bde/bde.h"
#include "tests/bde_made_eow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATTERN UINT64_C(0x9d3b6c5a17e4f280)

enum {
	OPTION_SALVAGE = 1,
	OPTION_REPAIR = 2,
	OPTION_LARGE = 4,
	OPTION_NO_BOOT = 8,
	EDIT = 6,
	EDITS_MAX = 64,
	BAD_MAX = 16,
	SMALL = 512,
	PIECE = 16384,
	METHOD = 0x8004,
	BUSY = 0x32000, /* the first chunk of region 2: being converted */
	BUSY_REGION = 2,
	WINDOWS = 3 + 5 * MADE_EOW_REGIONS,
	/* the offset of the CRC of each */
	DESCRIPTOR_CRC = 36,
	BITMAP_CRC = 56,
	RECORD_CRC = 32,
	ENTRY_CRC = 28,
};

struct window {
	size_t at;
	size_t size;
	size_t crc; /* its place; 0: it has none */
};

struct image {
	struct source head;
	const struct made *base;
	uint8_t disk[MADE_SIZE];
	size_t bad[BAD_MAX];
	size_t bad_count;
	bool forged;
};

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

/* ------------------------------------------------------------------ the image */

static int image_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	const struct image *image = (const struct image *)source;

	for (size_t i = 0; i < image->bad_count; i++) {
		if (image->bad[i] < offset + length && offset < image->bad[i] + SMALL)
			return -EIO;
	}
	memcpy(buffer, image->disk + offset, length);
	return 0;
}

static void image_close(struct source *source)
{
	(void)source; /* static */
}

static const struct source_ops image_ops = {
	.name = "fuzz",
	.pread = image_pread,
	.close = image_close,
};

/* Made once; the chunk under way is neither ciphertext nor plaintext on the disk. */
static const struct made *base_volume(bool large)
{
	static struct made *made[2];

	if (!made[large]) {
		made[large] = made_eow_new(METHOD, large ? 4096 : SMALL, MADE_CLEAR, PATTERN);
		for (size_t i = 0; i < MADE_EOW_CHUNK; i++)
			made[large]->disk[BUSY + i] ^= (uint8_t)(i * 7 + 91) | 1;
		made_eow_put_entry(made[large], BUSY_REGION, 0, 6, BUSY + MADE_EOW_CHUNK);
		made_eow_put_entry(made[large], BUSY_REGION, 1, 7, BUSY);
	}
	return made[large];
}

/* Boot sector, both descriptors; of each region its bitmap, both records and the ends of its log.
 */
static struct window get_window(const struct made *made, unsigned int index)
{
	static const size_t copies[2] = {MADE_EOW_COPY_1, MADE_EOW_COPY_2};
	unsigned int region = (index - 3) / 5;
	size_t bitmap = made_eow_bitmap(region);

	if (index == 0)
		return (struct window){0, SMALL, 0};
	if (index < 3)
		return (struct window){copies[index - 1], 56 + 8 * MADE_EOW_REGIONS,
				       DESCRIPTOR_CRC};
	switch ((index - 3) % 5) {
	case 0:
		return (struct window){bitmap, MADE_EOW_RECORD_1, BITMAP_CRC};
	case 1:
		return (struct window){bitmap + MADE_EOW_RECORD_1, MADE_EOW_RECORD_SIZE,
				       RECORD_CRC};
	case 2:
		return (struct window){bitmap + MADE_EOW_RECORD_2, MADE_EOW_RECORD_SIZE,
				       RECORD_CRC};
	case 3: /* header of the log and the first entry */
		return (struct window){bitmap + MADE_EOW_LOG,
				       made->sector_size + made_eow_entry_size(made), 0};
	default:
		return (struct window){made_eow_entry(made, region, 1),
				       made_eow_entry_size(made) + made->sector_size, 0};
	}
}

/* How many bytes the CRC at `crc` covers, as the structure itself says. 0: nothing possible. */
static size_t covered(const uint8_t *at, size_t crc, size_t room)
{
	size_t size = crc == DESCRIPTOR_CRC ? get(at + 10, 2)
		      : crc == BITMAP_CRC   ? get(at + 44, 4)
		      : crc == RECORD_CRC   ? get(at + 12, 4)
					    : ENTRY_CRC;

	return size >= crc && size <= room && (crc == ENTRY_CRC || size >= crc + 4) ? size : 0;
}

static uint32_t crc_of(const uint8_t *at, size_t size, size_t crc)
{
	static const uint8_t zero[4];
	uint32_t sum = crc32_update(0, at, crc);

	if (crc == ENTRY_CRC)
		return sum;
	sum = crc32_update(sum, zero, 4);
	return crc32_update(sum, at + crc + 4, size - crc - 4);
}

static void repair(struct image *image, size_t start, size_t crc)
{
	uint8_t *at = image->disk + start;
	size_t size = covered(at, crc, MADE_SIZE - start);

	if (size > 0)
		made_put(at + crc, crc_of(at, size, crc), 4);
}

/* The four headers of a region's log entries. */
static size_t entry_header(const struct made *made, unsigned int region, unsigned int index)
{
	size_t at = made_eow_entry(made, region, index / 2);

	return index % 2 ? at + made_eow_entry_size(made) - made->sector_size : at;
}

static void repair_all(struct image *image)
{
	for (unsigned int i = 1; i < WINDOWS; i++) {
		struct window window = get_window(image->base, i);

		if (window.crc)
			repair(image, window.at, window.crc);
	}
	for (unsigned int i = 0; i < MADE_EOW_REGIONS; i++) {
		for (unsigned int k = 0; k < 4; k++)
			repair(image, entry_header(image->base, i, k), ENTRY_CRC);
	}
}

/* Whether what was changed there passes for right. */
static bool is_forged(const struct image *image, size_t start, size_t least, size_t crc)
{
	const uint8_t *at = image->disk + start;
	size_t size = covered(at, crc, MADE_SIZE - start);
	size_t compared = size > least ? size : least;

	return memcmp(at, image->base->disk + start, compared) != 0 && size > 0 &&
	       crc_of(at, size, crc) == get(at + crc, 4);
}

static bool all_zero(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (at[i])
			return false;
	}
	return true;
}

/* An entry of zeros was never written: from one that was, and is gone, nobody can tell it. */
static bool entry_is_wiped(const struct image *image, unsigned int region, unsigned int slot)
{
	return all_zero(image->disk + entry_header(image->base, region, 2 * slot), 32) &&
	       all_zero(image->disk + entry_header(image->base, region, 2 * slot + 1), 32);
}

static bool any_forged(const struct image *image)
{
	/* the kinds differ in all of their GUIDs: no accident */
	if (image->disk[0xa0] != image->base->disk[0xa0] ||
	    image->disk[0xa1] != image->base->disk[0xa1])
		return true;
	for (unsigned int i = 1; i < WINDOWS; i++) {
		struct window window = get_window(image->base, i);

		if (window.crc && is_forged(image, window.at, window.crc + 4, window.crc))
			return true;
	}
	for (unsigned int i = 0; i < MADE_EOW_REGIONS; i++) {
		for (unsigned int k = 0; k < 4; k++) {
			if (is_forged(image, entry_header(image->base, i, k), 32, ENTRY_CRC) ||
			    entry_is_wiped(image, i, k / 2))
				return true;
		}
	}
	return false;
}

static void edit(struct image *image, const uint8_t *change)
{
	struct window window = get_window(image->base, (change[0] & 0x7f) % WINDOWS);
	size_t at = window.at + (size_t)get(change + 1, 2) % window.size;

	if (change[0] & 0x80) {
		if (image->bad_count < BAD_MAX)
			image->bad[image->bad_count++] = at / SMALL * SMALL;
		return;
	}
	for (size_t i = 0; i < 3 && at + i < window.at + window.size; i++)
		image->disk[at + i] ^= change[3 + i];
}

static void make_image(struct image *image, const uint8_t *data, size_t size)
{
	image->base = base_volume(data[0] & OPTION_LARGE);
	image->bad_count = 0;
	source_init(&image->head, &image_ops, MADE_SIZE, 0);
	memcpy(image->disk, image->base->disk, MADE_SIZE);
	for (size_t at = 1, n = 0; at + EDIT <= size && n < EDITS_MAX; at += EDIT, n++)
		edit(image, data + at);
	if (data[0] & OPTION_REPAIR)
		repair_all(image);
	image->forged = any_forged(image);
	if (data[0] & OPTION_NO_BOOT)
		memset(image->disk, 0, SMALL);
}

/* ------------------------------------------------------------------ what comes out */

/* One sector of the volume's, from the disk as it is or by way of the key. */
static bool comes_from(const struct image *image, const uint8_t *got, size_t offset)
{
	size_t size = image->base->sector_size;
	size_t place = offset < MADE_HEADER_SIZE ? MADE_HEADER_AT + offset : offset;
	uint8_t sector[4096];

	if (all_zero(got, size) || memcmp(got, image->disk + place, size) == 0)
		return true;
	memcpy(sector, got, size);
	made_encrypt_sector(METHOD, image->base->fvek, place, sector, size);
	return memcmp(sector, image->disk + place, size) == 0;
}

static void check_sector(const struct image *image, const uint8_t *got, size_t offset, size_t size)
{
	bool busy = offset < BUSY + MADE_EOW_CHUNK && offset + size > BUSY;

	if (!image->forged) {
		check(!busy && memcmp(got, image->base->plain + offset, size) == 0);
		return;
	}
	if (!busy && memcmp(got, image->base->plain + offset, size) == 0)
		return;
	for (size_t at = 0; at < size; at += image->base->sector_size)
		check(comes_from(image, got + at, offset + at));
}

/* What can be read of [offset, offset + size), in pieces as large as possible. Returns its size. */
static uint64_t read_range(struct image *image, struct source *volume, size_t offset, size_t size)
{
	static uint8_t buffer[PIECE];
	size_t least = image->base->sector_size;
	uint64_t sum = 0;
	int result = source_pread(volume, buffer, size, offset);

	check(result == 0 || result == -EIO);
	if (result == 0) {
		check_sector(image, buffer, offset, size);
		return size;
	}
	if (size == least)
		return 0;
	for (size_t at = 0; at < size; at += size / 2)
		sum += read_range(image, volume, offset + at, size / 2);
	return sum;
}

static void read_all(struct image *image, struct source *volume, bool touched)
{
	struct bde_coverage coverage;
	uint64_t sum = 0;

	check(volume->size >= MADE_SIZE && volume->size <= INT64_MAX);
	check(bde_volume_coverage(volume, &coverage));
	check(coverage.ciphertext + coverage.plaintext + coverage.zeros + coverage.refused ==
	      volume->size);
	for (size_t at = 0; at < MADE_SIZE; at += PIECE)
		sum += read_range(image, volume, at, PIECE);
	check(sum <= volume->size - coverage.refused);
	/* all that is not refused is there; what is forged may end within a sector */
	if (image->bad_count == 0 && image->base->sector_size == SMALL && !image->forged)
		check(sum == volume->size - coverage.refused);
	if (!touched)
		check(sum == MADE_SIZE - MADE_EOW_CHUNK);
}

static int open_volume(struct image *image, unsigned int flags, const struct bde_metadata *metadata,
		       struct source **ret_volume)
{
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	struct bde_unlocked *unlocked CLEANUP(bde_unlocked_free) = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	const struct bde_protector *protector = NULL;
	struct err err = {0};
	int result;

	check(bde_key_clear(&key, &err) == 0);
	check(bde_unlock(metadata, key, &unlocked, &protector, &err) == 0);
	result = bde_volume_open(&image->head, metadata, unlocked, flags, &notes, ret_volume, &err);
	check((result == 0) == (err.kind == ERR_NONE) && (result == 0 || err.message[0]));
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image image;
	struct bde_metadata *metadata CLEANUP(bde_metadata_free) = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *volume = NULL;
	struct err err = {0};
	unsigned int flags;
	bool touched;
	int result;

	if (size < 1)
		return 0;
	make_image(&image, data, size);
	flags = data[0] & OPTION_SALVAGE ? BDE_SALVAGE : 0;
	touched = size > EDIT;
	result = data[0] & OPTION_NO_BOOT
			 ? bde_metadata_find(&image.head, flags, &notes, &metadata, &err)
			 : bde_metadata_read(&image.head, flags, &notes, &metadata, &err);
	check(result == 0 || touched);
	if (result < 0)
		return 0;
	result = open_volume(&image, flags, metadata, &volume);
	check(result == 0 || touched);
	if (result == 0)
		read_all(&image, volume, touched);
	source_unref(volume);
	bde_metadata_free(TAKE(metadata));
	check(atomic_load(&image.head.references) == 1);
	return 0;
}
