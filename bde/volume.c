/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plaintext volume: a source on top of the encrypted one. A read is split over the table of
 * regions; each piece is zeros, bytes as they are, or sectors that are decrypted where they arrive,
 * in the caller's buffer. Only the edges that are not on a sector boundary go through a bounce
 * buffer of one sector, so no request allocates.
 *
 * Threads: everything below is constant after bde_volume_open(); the sector cipher lends each call
 * its own contexts, and the source below is thread-safe by its own contract. No locks here.
 */
#include "bde/bde.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bde/metadata.h"
#include "bde/regions.h"
#include "bde/sector.h"
#include "bde/unlocked.h"

enum {
	SECTOR_MAX = 4096
};

struct volume {
	struct source head;
	struct source *below;
	struct regions regions;
	struct sector_cipher *cipher; /* NULL: no region is ciphertext */
	uint32_t sector_size;
};

/* ----------------------------------------------------------------- reading */

/* `length` bytes from within one sector, by way of a buffer of our own. */
static int read_part(struct volume *volume, uint8_t *out, size_t length, uint64_t physical)
{
	uint8_t sector[SECTOR_MAX];
	size_t skip = (size_t)(physical % volume->sector_size);
	uint64_t start = physical - skip;
	int rc = source_pread(volume->below, sector, volume->sector_size, start);

	if (rc == 0)
		rc = sector_cipher_decrypt(volume->cipher, start, sector, 1);
	if (rc == 0)
		memcpy(out, sector + skip, length);
	return rc;
}

static int read_sectors(struct volume *volume, uint8_t *out, size_t length, uint64_t physical)
{
	int rc = source_pread(volume->below, out, length, physical);

	if (rc == 0)
		rc = sector_cipher_decrypt(volume->cipher, physical, out,
					   length / volume->sector_size);
	return rc;
}

/* Ciphertext at any place and of any length, within one region. */
static int read_cipher(struct volume *volume, uint8_t *out, size_t length, uint64_t physical)
{
	uint32_t size = volume->sector_size;
	size_t head = (size_t)((size - physical % size) % size);
	size_t whole;
	int rc = 0;

	if (head > length)
		head = length;
	if (head > 0)
		rc = read_part(volume, out, head, physical);
	whole = (length - head) / size * size;
	if (rc == 0 && whole > 0)
		rc = read_sectors(volume, out + head, whole, physical + head);
	if (rc == 0 && head + whole < length)
		rc = read_part(volume, out + head + whole, length - head - whole,
			       physical + head + whole);
	return rc;
}

static int read_region(struct volume *volume, const struct region *region, uint8_t *out,
		       size_t length, uint64_t offset)
{
	uint64_t physical = region->physical + (offset - region->start);

	switch (region->kind) {
	case REGION_CIPHER:
		return read_cipher(volume, out, length, physical);
	case REGION_PLAIN:
		return source_pread(volume->below, out, length, physical);
	case REGION_ZERO:
		memset(out, 0, length);
		return 0;
	case REGION_REFUSE:
		break;
	}
	return -EIO;
}

static int volume_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	struct volume *volume = (struct volume *)source;
	uint8_t *out = buffer;

	while (length > 0) {
		const struct region *region = regions_find(&volume->regions, offset);
		uint64_t left = region->end - offset;
		size_t piece = left < length ? (size_t)left : length;
		int rc = read_region(volume, region, out, piece, offset);

		if (rc < 0)
			return rc;
		out += piece;
		offset += piece;
		length -= piece;
	}
	return 0;
}

static void volume_free(struct volume *volume)
{
	if (!volume)
		return;
	regions_clear(&volume->regions);
	sector_cipher_free(volume->cipher);
	source_unref(volume->below);
	free(volume);
}
DEFINE_CLEANUP(struct volume, volume_free)

static void volume_close(struct source *source)
{
	volume_free((struct volume *)source);
}

static const struct source_ops volume_ops = {
	.name = "bitlocker",
	.pread = volume_pread,
	.close = volume_close,
};

/* ----------------------------------------------------------------- opening */

/* What the state says, before anything is overlaid. */
static int base_regions(const struct bde_info *info, struct regions *regions)
{
	uint64_t covered =
		info->encrypted_size < info->volume_size ? info->encrypted_size : info->volume_size;
	int rc;

	if (info->state == BDE_STATE_DECRYPTED)
		return regions_append(regions, REGION_PLAIN, info->volume_size);
	/*
	 * The encrypted size is a watermark; on a volume that is done it should be the whole. If
	 * it is not, what is behind may be either, and nobody can tell.
	 */
	covered -= covered % info->sector_size;
	rc = regions_append(regions, REGION_CIPHER, covered);
	if (rc == 0)
		rc = regions_append(regions, REGION_REFUSE, info->volume_size - covered);
	return rc;
}

/* Is [start, start + size) of one kind, in its own place? */
static bool uniform(const struct regions *regions, uint64_t start, uint64_t size)
{
	return regions_find(regions, start)->end >= start + size;
}

/*
 * BitLocker's own structures read as zeros, and the volume's first bytes come from where they were
 * moved to, in the state of that place. No metadata copy touches the header: block.c has checked.
 */
static int overlay_regions(const struct bde_metadata *metadata, struct regions *regions,
			   struct err *err)
{
	const struct bde_info *info = &metadata->info;
	enum region_kind header_kind = regions_find(regions, info->header_offset)->kind;
	int rc = 0;

	if (!uniform(regions, info->header_offset, info->header_size))
		return err_set(
			err, ERR_DISK, ENOTSUP,
			"the place the volume's header was moved to is encrypted in part only");
	for (unsigned int i = 0; i < BDE_COPIES && rc == 0; i++)
		rc = regions_overlay(regions, REGION_ZERO, metadata->block.offsets[i],
				     metadata->block.offsets[i] + BLOCK_SIZE, 0);
	if (rc == 0)
		rc = regions_overlay(regions, REGION_ZERO, info->header_offset,
				     info->header_offset + info->header_size, 0);
	if (rc == 0)
		rc = regions_overlay(regions, header_kind, 0, info->header_size,
				     info->header_offset);
	return rc == 0 ? 0 : err_nomem(err);
}

static int make_cipher(const struct bde_info *info, const struct bde_unlocked *unlocked,
		       struct sector_cipher **ret_cipher, struct err *err)
{
	int rc;

	if (!unlocked)
		return err_set(err, ERR_KEY, ENOKEY,
			       "the volume is encrypted, and no key opened it");
	if (!guid_equal(&unlocked->volume_id, &info->volume_id))
		return err_set(err, ERR_OTHER, EINVAL, "the key is that of another volume");
	rc = sector_cipher_new(info->method, unlocked->fvek, info->sector_size, ret_cipher);
	if (rc < 0)
		return err_set(err, ERR_DISK, -rc, "cannot set up %s: %s",
			       bde_method_name(info->method), strerror(-rc));
	return 0;
}

int bde_volume_open(struct source *below, const struct bde_metadata *metadata,
		    const struct bde_unlocked *unlocked, struct source **ret_plain, struct err *err)
{
	struct volume *volume CLEANUP(volume_free) = NULL;
	const struct bde_info *info = &metadata->info;
	int rc = metadata_check_served(metadata, err);

	if (rc < 0)
		return rc;
	if (below->size < info->volume_size)
		return err_set(err, ERR_OTHER, EINVAL, "the metadata is that of another volume");
	volume = calloc(1, sizeof(*volume));
	if (!volume)
		return err_nomem(err);
	volume->sector_size = info->sector_size;
	if (base_regions(info, &volume->regions) < 0)
		return err_nomem(err);
	rc = overlay_regions(metadata, &volume->regions, err);
	if (rc == 0 && info->state != BDE_STATE_DECRYPTED)
		rc = make_cipher(info, unlocked, &volume->cipher, err);
	if (rc < 0)
		return rc;
	volume->below = source_ref(below);
	source_init(&volume->head, &volume_ops, info->volume_size, info->sector_size);
	*ret_plain = &TAKE(volume)->head;
	return 0;
}
