/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plaintext volume: a source on top of the encrypted one. A read is split over the table of
 * regions. Each piece is zeros, bytes as they are, or sectors that are decrypted in the caller's
 * buffer. Only edges that are not on a sector boundary go through a bounce buffer of one sector, so
 * no request allocates memory.
 *
 * Threads: everything below is constant after bde_volume_open(); the sector cipher lends each call
 * its own contexts, and the source below is thread-safe by its own contract. No locks here.
 */
#include "bde/bde.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "bde/fvek.h"
#include "bde/metadata.h"
#include "bde/regions/layout.h"
#include "bde/regions/regions.h"
#include "bde/served.h"
#include "bde/unlock.h"
#include "crypto/sector.h"
#include "disk/partition/bootsector.h"

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

/* `length` bytes from within one sector, through a buffer of our own. */
static int read_part(struct volume *volume, uint8_t *out, size_t length, uint64_t physical)
{
	uint8_t sector[SECTOR_MAX];
	size_t skip = (size_t)(physical % volume->sector_size);
	uint64_t start = physical - skip;
	int result = source_pread(volume->below, sector, volume->sector_size, start);

	if (result == 0)
		result = sector_cipher_decrypt(volume->cipher, start, sector, 1);
	if (result == 0)
		memcpy(out, sector + skip, length);
	return result;
}

static int read_sectors(struct volume *volume, uint8_t *out, size_t length, uint64_t physical)
{
	int result = source_pread(volume->below, out, length, physical);

	if (result == 0)
		result = sector_cipher_decrypt(volume->cipher, physical, out,
					       length / volume->sector_size);
	return result;
}

/* Ciphertext at any place and of any length, within one region. */
static int read_cipher(struct volume *volume, uint8_t *out, size_t length, uint64_t physical)
{
	uint32_t size = volume->sector_size;
	size_t head = (size_t)((size - physical % size) % size);
	size_t whole;
	int result = 0;

	if (head > length)
		head = length;
	if (head > 0)
		result = read_part(volume, out, head, physical);
	whole = (length - head) / size * size;
	if (result == 0 && whole > 0)
		result = read_sectors(volume, out + head, whole, physical + head);
	if (result == 0 && head + whole < length)
		result = read_part(volume, out + head + whole, length - head - whole,
				   physical + head + whole);
	return result;
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
		int result = read_region(volume, region, out, piece, offset);

		if (result < 0)
			return result;
		out += piece;
		offset += piece;
		length -= piece;
	}
	return 0;
}

/* A hole in ciphertext does not decrypt to zeros: it is data. */
static enum source_extent volume_extent(struct source *source, uint64_t offset,
					uint64_t *ret_length)
{
	struct volume *volume = (struct volume *)source;
	const struct region *region = regions_find(&volume->regions, offset);
	uint64_t left = region->end - offset;
	enum source_extent kind = SOURCE_DATA;
	uint64_t length = left;

	if (region->kind == REGION_ZERO)
		kind = SOURCE_ZERO;
	else if (region->kind == REGION_PLAIN)
		kind = source_extent(volume->below, region->physical + (offset - region->start),
				     &length);
	*ret_length = length < left ? length : left;
	return kind;
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
	.extent = volume_extent,
	.close = volume_close,
};

/* ----------------------------------------------------------------- opening */

static bool needs_cipher(const struct regions *regions)
{
	return regions_count(regions, REGION_CIPHER, 0, regions_end(regions)) > 0;
}

static int make_cipher(const struct bde_info *info, const struct bde_unlocked *unlocked,
		       struct sector_cipher **ret_cipher, struct err *err)
{
	struct sector_keys keys;
	int result;

	if (!unlocked)
		return err_set(err, ERR_KEY, ENOKEY,
			       "the volume is encrypted, and no key opened it");
	if (!guid_equal(&unlocked->volume_id, &info->volume_id))
		return err_set(err, ERR_OTHER, EINVAL, "the key belongs to another volume");
	result = fvek_sector_keys(info->method, unlocked->fvek, &keys);
	if (result == 0)
		result = sector_cipher_new(&keys, info->sector_size, ret_cipher);
	if (result < 0)
		return err_errno(err, ERR_DISK, -result, "cannot set up %s",
				 bde_method_name(info->method));
	return 0;
}

static bool begins_volume(const uint8_t *sector, size_t size)
{
	enum bootsector kind = bootsector_recognise(sector, size);

	return kind != BOOTSECTOR_NONE && kind != BOOTSECTOR_BITLOCKER;
}

/*
 * Whether the volume's first bytes, where they were moved to, are a boot sector, as they are or
 * decrypted.
 */
static bool starts_volume(struct volume *volume, uint64_t physical, bool decrypt)
{
	uint8_t sector[SECTOR_MAX];

	if (source_pread(volume->below, sector, volume->sector_size, physical) < 0)
		return false;
	if (decrypt && sector_cipher_decrypt(volume->cipher, physical, sector, 1) < 0)
		return false;
	return begins_volume(sector, volume->sector_size);
}

/*
 * The state of the moved header is lost with its bitmap. But a boot sector is recognised, and the
 * whole header is in one state, because it has an EOW region of its own.
 */
static int salvage_header(struct volume *volume, const struct bde_info *info,
			  struct notes *warnings)
{
	struct region header = {.end = info->header_size, .physical = info->header_offset};
	bool plain;

	if (regions_count(&volume->regions, REGION_REFUSE, 0, info->header_size) <
		    info->header_size ||
	    !checked_within(info->header_offset, info->header_size, volume->below->size))
		return 0;
	plain = starts_volume(volume, info->header_offset, false);
	if (!plain && (!volume->cipher || !starts_volume(volume, info->header_offset, true)))
		return 0;
	notes_add(warnings,
		  "salvaged: the volume's first %" PRIu64
		  " bytes are taken for %s, because they begin with a boot sector then",
		  info->header_size, plain ? "plaintext" : "ciphertext");
	header.kind = plain ? REGION_PLAIN : REGION_CIPHER;
	return regions_overlay(&volume->regions, &header, 1);
}

/*
 * An FVEK from the user. That ciphertext decrypts to a boot sector shows that the FVEK is the
 * volume's. It does not show that Windows wrote the metadata: its hash is under the VMK.
 */
static int check_unproven(struct volume *volume, unsigned int flags, struct notes *warnings,
			  struct err *err)
{
	const struct region *start = regions_find(&volume->regions, 0);
	bool evidence = start->kind == REGION_CIPHER;
	uint8_t sector[SECTOR_MAX];

	if (evidence && volume_pread(&volume->head, sector, volume->sector_size, 0) < 0)
		evidence = false;
	if (evidence && !begins_volume(sector, volume->sector_size)) {
		err_set(err, ERR_KEY, ENOKEY,
			"the FVEK does not decrypt this volume to one that begins with a boot sector");
		err_hint(
			err,
			"check that it is the current FVEK of this volume, the tweak key after the key");
		return -ENOKEY;
	}
	if (!evidence && !(flags & BDE_SALVAGE)) {
		err_set(err, ERR_KEY, ENOKEY,
			"cannot check that the FVEK is this volume's: its first sector %s",
			start->kind == REGION_PLAIN ? "is not encrypted" : "cannot be read");
		err_hint(err, "give another key, or use --salvage, which takes the FVEK unchecked");
		return -ENOKEY;
	}
	notes_add(
		warnings,
		evidence
			? "opened by its FVEK alone: the metadata's hash, which only the VMK opens, was not checked"
			: "the FVEK is used unchecked: it may be another volume's, and what it decrypts may be wrong");
	return 0;
}

/* Give a truncated image the size of the whole volume; what is missing is refused. */
static int extend(struct volume *volume, const struct bde_metadata *metadata,
		  struct notes *warnings)
{
	const struct bde_info *info = &metadata->info;
	uint64_t known = layout_known_end(&metadata->state.layout);
	uint8_t sector[BOOTSECTOR_SIZE];
	uint64_t size = 0;

	if (volume_pread(&volume->head, sector, sizeof(sector), 0) == 0)
		size = bootsector_volume_size(sector, sizeof(sector));
	if (size == 0)
		size = known;
	size -= size % info->sector_size;
	if (size <= info->volume_size || size > INT64_MAX)
		return 0;
	if (known <= volume->below->size) /* else there is a warning already */
		notes_add(warnings,
			  "the file system is %" PRIu64 " bytes long and the volume %" PRIu64
			  ": the image is "
			  "cut off",
			  size, volume->below->size);
	volume->head.size = size;
	return regions_append(&volume->regions, REGION_REFUSE, size - info->volume_size);
}

static void note_salvaged(const struct volume *volume, const struct bde_metadata *metadata,
			  struct notes *warnings)
{
	uint64_t refused = regions_count(&volume->regions, REGION_REFUSE, 0, volume->head.size);

	if (metadata->eow && metadata->eow->lost == 0)
		return;
	notes_add(warnings,
		  "salvaged: it is not known of every part whether it is encrypted; %" PRIu64
		  " of %" PRIu64 " bytes cannot be read",
		  refused, volume->head.size);
}

static int build(struct volume *volume, const struct bde_metadata *metadata,
		 const struct bde_unlocked *unlocked, unsigned int flags, struct notes *warnings,
		 struct err *err)
{
	const struct bde_info *info = &metadata->info;
	bool salvage = (flags & BDE_SALVAGE) && info->conversion == BDE_CONVERSION_BITMAP;
	int result = layout_build(&metadata->state.layout, volume->below->size, &volume->regions);

	if (result == -EOVERFLOW)
		return err_set(err, ERR_DISK, EOVERFLOW,
			       "the volume alternates between ciphertext and plaintext more than "
			       "%d times",
			       REGIONS_MAX);
	if (result < 0)
		return err_nomem(err);
	if (needs_cipher(&volume->regions) || (salvage && unlocked))
		result = make_cipher(info, unlocked, &volume->cipher, err);
	if (result < 0)
		return result;
	source_init(&volume->head, &volume_ops, info->volume_size, info->sector_size);
	if (salvage)
		result = salvage_header(volume, info, warnings);
	if (result < 0)
		return err_nomem(err);
	if (unlocked && unlocked->unproven)
		result = check_unproven(volume, flags, warnings, err);
	if (result < 0)
		return result;
	result = extend(volume, metadata, warnings);
	if (result < 0)
		return err_nomem(err);
	if (salvage)
		note_salvaged(volume, metadata, warnings);
	return 0;
}

int bde_volume_open(struct source *below, const struct bde_metadata *metadata,
		    const struct bde_unlocked *unlocked, unsigned int flags, struct notes *warnings,
		    struct source **ret_plain, struct err *err)
{
	struct volume *volume CLEANUP(volume_free) = NULL;
	int result = served_check(metadata, flags, err);

	if (result < 0)
		return result;
	if (below->size < metadata->info.volume_size)
		return err_set(err, ERR_OTHER, EINVAL, "the metadata belongs to another volume");
	volume = calloc(1, sizeof(*volume));
	if (!volume)
		return err_nomem(err);
	volume->sector_size = metadata->info.sector_size;
	volume->below = source_ref(below);
	result = build(volume, metadata, unlocked, flags, warnings, err);
	if (result < 0)
		return result;
	*ret_plain = &TAKE(volume)->head;
	return 0;
}

bool bde_volume_coverage(const struct source *plain, struct bde_coverage *ret_coverage)
{
	const struct regions *regions = &((const struct volume *)plain)->regions;

	if (plain->ops != &volume_ops)
		return false;
	*ret_coverage = (struct bde_coverage){
		.ciphertext = regions_count(regions, REGION_CIPHER, 0, plain->size),
		.plaintext = regions_count(regions, REGION_PLAIN, 0, plain->size),
		.zeros = regions_count(regions, REGION_ZERO, 0, plain->size),
		.refused = regions_count(regions, REGION_REFUSE, 0, plain->size),
	};
	return true;
}
