/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: metadata that is searched for by its signature. The volume is one of bde_made.h or
 * bde_made_eow.h without a boot sector. The input is
 *
 *   byte 0  options: bit 0 BDE_SALVAGE; bit 1 an encrypt-on-write volume; bit 2 sectors of 4096;
 *           bit 3 the CRCs of what was altered are put right
 *   then    orders, u8 what and u8 place (in steps of 4 KiB) and what it takes:
 *           0-2 copy of the metadata 1-3 to that place       3 copy of an EOW descriptor there
 *           4   u16 place in the metadata there, 2 bytes to XOR
 *           5   that step cannot be read                     6 a signature alone is there
 *           7   zeros are there
 *
 * The search ends, reads each byte at most a few times however many signatures there are, and
 * while nothing was forged, what is found serves the plaintext's bytes or errors.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bde/bde.h"
#include "tests/bde_made_eow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATTERN UINT64_C(0x9d3b6c5a17e4f280)

enum {
	STEP = 4096,
	STEPS = MADE_SIZE / STEP,
	COPY = 1024, /* more than the metadata of these volumes has */
	ORDERS_MAX = 64,
	METHOD = 0x8004,
	/* once for the search, again in small pieces, and 64 KiB for each of 256 signatures, each
	 * of which is looked at with both sector sizes and may be a descriptor's too */
	READ_MAX = 64 << 20,
};

struct image {
	struct source head;
	const struct made *base;
	uint8_t disk[MADE_SIZE];
	bool touched[STEPS]; /* the plaintext may be another there */
	bool bad[STEPS];
	bool forged;
	uint64_t read;
};

static void check(int condition)
{
	if (!condition)
		abort();
}

static int image_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	struct image *image = (struct image *)source;

	image->read += length;
	for (uint64_t at = offset / STEP; at * STEP < offset + length; at++) {
		if (image->bad[at])
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

static const struct made *base_volume(bool eow, bool large)
{
	static struct made *made[2][2];
	struct made **slot = &made[eow][large];
	uint32_t sector_size = large ? 4096 : 512;

	if (!*slot)
		*slot = eow ? made_eow_new(METHOD, sector_size, MADE_CLEAR, PATTERN)
			    : made_new(METHOD, sector_size, MADE_CLEAR);
	return *slot;
}

static size_t copy_size(size_t at, size_t size)
{
	return size < MADE_SIZE - at ? size : MADE_SIZE - at;
}

/* The bytes that an order takes after its first two. */
static size_t order_size(uint8_t what)
{
	return what % 8 == 4 ? 4 : 0;
}

static void alter(struct image *image, size_t at, const uint8_t *change)
{
	size_t place = at + (size_t)(change[0] | change[1] << 8) % (COPY - 1);

	image->disk[place] ^= change[2];
	image->disk[place + 1] ^= change[3];
	image->forged = image->forged || change[2] || change[3];
}

static void order(struct image *image, uint8_t what, size_t step, const uint8_t *change)
{
	static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};
	size_t at = step * STEP;

	image->touched[step] = true;
	switch (what % 8) {
	case 3:
		memcpy(image->disk + at, image->base->disk + MADE_EOW_COPY_1, copy_size(at, 512));
		break;
	case 4:
		alter(image, at, change);
		break;
	case 5:
		image->bad[step] = true;
		break;
	case 6:
		for (size_t i = 0; i < STEP; i += 512)
			memcpy(image->disk + at + i, "-FVE-FS-", 8);
		break;
	case 7:
		memset(image->disk + at, 0, STEP);
		break;
	default:
		memcpy(image->disk + at, image->base->disk + copies[what % 8], copy_size(at, COPY));
		break;
	}
}

static void make_image(struct image *image, const uint8_t *data, size_t size)
{
	size_t n = 0;

	image->base = base_volume(data[0] & 2, data[0] & 4);
	image->read = 0;
	image->forged = false;
	source_init(&image->head, &image_ops, MADE_SIZE, 0);
	memcpy(image->disk, image->base->disk, MADE_SIZE);
	memset(image->disk, 0, 512);
	memset(image->touched, 0, sizeof(image->touched));
	memset(image->bad, 0, sizeof(image->bad));
	for (size_t at = 1; at + 2 <= size && n < ORDERS_MAX; n++) {
		uint8_t what = data[at];
		size_t more = order_size(what);

		if (more > size - at - 2)
			break;
		order(image, what, data[at + 1], data + at + 2);
		if (image->forged && (data[0] & 8))
			made_fix_crc(image->disk, MADE_SIZE, (size_t)data[at + 1] * STEP);
		at += 2 + more;
	}
}

/* The place of the step's plaintext is the step, but for the header's. */
static bool is_touched(const struct image *image, size_t step)
{
	if (step * STEP < MADE_HEADER_SIZE)
		step += MADE_HEADER_AT / STEP;
	return image->touched[step];
}

static void read_all(const struct image *image, struct source *volume)
{
	static uint8_t buffer[STEP];

	check(volume->size >= MADE_SIZE && volume->size <= INT64_MAX);
	for (size_t i = 0; i < STEPS; i++) {
		int result = source_pread(volume, buffer, STEP, (uint64_t)i * STEP);

		check(result == 0 || result == -EIO);
		if (result == 0 && !image->forged && !is_touched(image, i))
			check(memcmp(buffer, image->base->plain + i * STEP, STEP) == 0);
	}
}

static bool is_copy_touched(const struct image *image)
{
	return image->touched[MADE_COPY_1 / STEP] || image->touched[MADE_COPY_2 / STEP] ||
	       image->touched[MADE_COPY_3 / STEP];
}

static void open_and_read(struct image *image, const struct bde_metadata *metadata,
			  unsigned int flags)
{
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	struct bde_unlocked *unlocked CLEANUP(bde_unlocked_free) = NULL;
	const struct bde_protector *protector = NULL;
	struct source *volume = NULL;
	struct err err = {0};
	int result;

	check(bde_key_clear(&key, &err) == 0);
	result = bde_unlock(metadata, key, &unlocked, &protector, &err);
	/* the hash finds what was forged; it is after what the CRC covers, so it may be
	 * damaged */
	check(result == 0 || image->forged || is_copy_touched(image));
	if (result == 0)
		result = bde_volume_open(&image->head, metadata, unlocked, flags, NULL, &volume,
					 &err);
	if (result == 0)
		read_all(image, volume);
	else
		check(err.kind != ERR_NONE && err.message[0]);
	source_unref(volume);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image image;
	struct bde_metadata *metadata CLEANUP(bde_metadata_free) = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	struct err err = {0};
	unsigned int flags;
	int result;

	if (size < 1)
		return 0;
	make_image(&image, data, size);
	flags = data[0] & 1 ? BDE_SALVAGE : 0;
	result = bde_metadata_find(&image.head, flags, &notes, &metadata, &err);
	check(image.read <= READ_MAX);
	check(result == 0 || result == -ENOENT ? err.kind == ERR_NONE : err.message[0]);
	if (result == 0) {
		check(bde_metadata_info(metadata)->boot_lost);
		open_and_read(&image, metadata, flags);
	} else {
		check(size > 1); /* without an order there is nothing that could not be found */
	}
	return 0;
}
