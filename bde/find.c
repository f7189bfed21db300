/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The metadata of a volume whose boot sector is gone or leads nowhere, found by its signature.
 *
 * A copy is believed when its checksum is right and one of the offsets that it names is its own:
 * this excludes a BitLocker volume that is stored as a file within this one. The rest of what the
 * boot sector would say comes from the metadata: the sector size, which is the one with which the
 * two descriptions of the moved header agree, and whether a bitmap says what is encrypted. In that
 * case the EOW descriptor has to be found too, which takes a search of the whole volume; a
 * descriptor from an earlier conversion, which the metadata does not mention, is ignored.
 *
 * The volume may have been encrypted more than once. Of metadata with several volume identifiers,
 * the one with most copies left is used, then the one that was made last.
 */
#include "bde/find.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bde/bde.h"
#include "bde/format/block.h"
#include "bde/regions/eow_map.h"

enum {
	STEP = 512,
	PIECE = 1 << 20,
	PIECE_DAMAGED = 4096,
	HITS_MAX = 256,
};

struct hits {
	size_t count;
	uint64_t offsets[HITS_MAX];
};

struct found {
	struct hits metadata;
	struct hits eow;
};

static void add_hit(struct hits *hits, uint64_t offset)
{
	if (hits->count < HITS_MAX)
		hits->offsets[hits->count++] = offset;
}

static void look_at(const uint8_t *bytes, size_t size, uint64_t offset, struct found *found)
{
	for (size_t at = 0; at + STEP <= size; at += STEP) {
		if (memcmp(bytes + at, "-FVE-FS-", 8) == 0)
			add_hit(&found->metadata, offset + at);
		else if (memcmp(bytes + at, "FVE-EOW", 8) == 0)
			add_hit(&found->eow, offset + at);
	}
}

/* A piece that cannot be read as a whole is read in small ones, and the bad ones are skipped. */
static void look_in(struct source *volume, uint8_t *bytes, size_t size, uint64_t offset,
		    struct found *found)
{
	if (source_pread(volume, bytes, size, offset) == 0) {
		look_at(bytes, size, offset, found);
		return;
	}
	for (size_t at = 0; at < size; at += PIECE_DAMAGED) {
		size_t piece = size - at < PIECE_DAMAGED ? size - at : PIECE_DAMAGED;

		if (source_pread(volume, bytes, piece, offset + at) == 0)
			look_at(bytes, piece, offset + at, found);
	}
}

static int search(struct source *volume, uint64_t end, struct found *found)
{
	uint8_t *bytes CLEANUP(free) = malloc(PIECE);
	unsigned int shown = 0;

	if (!bytes)
		return -ENOMEM;
	for (uint64_t at = 0; at < end; at += PIECE) {
		size_t piece = end - at < PIECE ? (size_t)(end - at) : PIECE;
		unsigned int percent = (unsigned int)(at / (end / 100 + 1));

		if (end > BDE_FIND_QUICK && percent != shown) {
			log_progress("searching for BitLocker metadata: %u %%", percent);
			shown = percent;
		}
		look_in(volume, bytes, piece, at, found);
	}
	log_progress_end();
	return 0;
}

/* -------------------------------------------------------------------- copies */

struct candidate {
	uint64_t offset;
	uint32_t sector_size;
	struct guid volume_id;
	uint64_t created;
	uint64_t offsets[BLOCK_COPIES];
	enum block_eow eow;
	unsigned int copies; /* with the same identifier */
};

/* Whether there is a copy at `offset`, and with which sector size. */
static bool read_candidate(struct source *volume, uint8_t *bytes, uint64_t offset,
			   struct candidate *ret_candidate)
{
	static const uint32_t sector_sizes[] = {512, 4096};
	size_t size = source_clip(volume, BLOCK_SIZE, offset);

	if (source_pread(volume, bytes, size, offset) < 0)
		return false;
	for (size_t i = 0; i < sizeof(sector_sizes) / sizeof(sector_sizes[0]); i++) {
		struct block block;

		if (block_parse(bytes, size, sector_sizes[i], &block, NULL) < 0 ||
		    block.version != 2 || !block_names_place(&block, offset))
			continue;
		*ret_candidate = (struct candidate){
			.offset = offset,
			.sector_size = sector_sizes[i],
			.volume_id = block.volume_id,
			.created = block.created,
			.eow = block.eow,
			.copies = 1,
		};
		memcpy(ret_candidate->offsets, block.offsets, sizeof(block.offsets));
		return true;
	}
	return false;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
	if (a->copies != b->copies)
		return a->copies > b->copies;
	return a->created > b->created;
}

/* Choose the metadata to use. False: none. */
static bool choose(struct source *volume, const struct hits *hits, uint8_t *bytes,
		   struct notes *warnings, struct candidate *ret_best)
{
	struct candidate list[8]; /* of different identifiers */
	size_t count = 0;
	size_t best = 0;

	for (size_t i = 0; i < hits->count; i++) {
		struct candidate candidate;
		size_t k = 0;

		if (!read_candidate(volume, bytes, hits->offsets[i], &candidate))
			continue;
		while (k < count && !guid_equal(&list[k].volume_id, &candidate.volume_id))
			k++;
		if (k < count)
			list[k].copies++;
		else if (count < sizeof(list) / sizeof(list[0]))
			list[count++] = candidate;
	}
	for (size_t i = 1; i < count; i++) {
		if (is_better(&list[i], &list[best]))
			best = i;
	}
	if (count > 1)
		notes_add(warnings,
			  "metadata of %zu BitLocker volumes was found; that of {%s} is used",
			  count, guid_format(&list[best].volume_id).text);
	if (count > 0)
		*ret_best = list[best];
	return count > 0;
}

/* ----------------------------------------------------------------------- EOW */

/* The offsets of both copies of the descriptor, which each copy has. */
static bool find_descriptor(struct source *volume, const struct hits *hits, uint8_t *bytes,
			    uint64_t ret_places[EOW_COPIES])
{
	for (size_t i = 0; i < hits->count; i++) {
		struct eow_descriptor descriptor;
		uint64_t offset = hits->offsets[i];
		size_t size = source_clip(volume, EOW_DESCRIPTOR_MAX, offset);

		if (source_pread(volume, bytes, size, offset) < 0 ||
		    eow_descriptor_parse(bytes, size, &descriptor, NULL) < 0)
			continue;
		if (descriptor.copies[0] != offset && descriptor.copies[1] != offset)
			continue;
		memcpy(ret_places, descriptor.copies, sizeof(descriptor.copies));
		return true;
	}
	return false;
}

static int lost_descriptor(unsigned int flags, struct err *err)
{
	int result = err_set(
		err, ERR_DISK, ENOTSUP,
		"the boot sector of this BitLocker volume is overwritten, and the bitmap that says which parts are encrypted %s",
		flags & BDE_SALVAGE ? "was not found" : "cannot be found without it");

	err_hint(err, "%s",
		 flags & BDE_SALVAGE ? "look for another image of this disk"
				     : "--salvage searches the whole volume for the bitmap");
	return result;
}

static int make_boot(struct source *volume, const struct candidate *candidate,
		     const struct found *found, uint8_t *bytes, unsigned int flags,
		     struct boot *ret_boot, struct err *err)
{
	struct boot boot = {.kind = BOOT_NORMAL, .sector_size = candidate->sector_size};

	boot.volume_id = candidate->volume_id;
	memcpy(boot.offsets, candidate->offsets, sizeof(boot.offsets));
	if (candidate->eow == BLOCK_EOW_YES) {
		boot.kind = BOOT_EOW;
		if (!find_descriptor(volume, &found->eow, bytes, boot.eow))
			return lost_descriptor(flags, err);
	}
	*ret_boot = boot;
	return 0;
}

int find_boot(struct source *volume, unsigned int flags, struct notes *warnings,
	      struct boot *ret_boot, struct err *err)
{
	struct found found = {0};
	uint8_t *bytes CLEANUP(free) = malloc(BLOCK_SIZE);
	uint64_t end = volume->size;
	struct candidate candidate;
	int result;

	if (!(flags & BDE_SALVAGE) && end > BDE_FIND_QUICK)
		end = BDE_FIND_QUICK;
	if (!bytes || search(volume, end, &found) < 0)
		return err_nomem(err);
	if (!choose(volume, &found.metadata, bytes, warnings, &candidate))
		return -ENOENT;
	result = make_boot(volume, &candidate, &found, bytes, flags, ret_boot, err);
	if (result < 0)
		return result;
	notes_add(warnings,
		  "the boot sector does not lead to the BitLocker metadata; it was found by its "
		  "signature at offset %" PRIu64,
		  candidate.offset);
	return 0;
}
