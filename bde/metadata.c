/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Read the metadata of a volume: the three copies that its boot sector names, the first good one of
 * them. Each copy is read once and parsed from memory.
 */
#include "bde/metadata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/utf16.h"

/* ------------------------------------------------------------------ copies */

/* While choosing: bytes and numbers of one copy. */
struct candidate {
	uint8_t *bytes;
	struct block block;
};

static int read_copy(struct source *volume, const struct boot *boot, uint64_t offset,
		     struct candidate *ret_candidate, struct err *err)
{
	uint8_t *bytes CLEANUP(free) = NULL;
	size_t size = source_clip(volume, BLOCK_SIZE, offset);
	int result;

	if (offset == 0)
		return err_set(err, ERR_DISK, EINVAL, "the boot sector does not say where it is");
	if (offset >= volume->size)
		return err_set(err, ERR_DISK, EINVAL,
			       "past the end of the volume (%" PRIu64 " bytes)", volume->size);
	bytes = malloc(BLOCK_SIZE);
	if (!bytes)
		return err_nomem(err);
	result = source_pread(volume, bytes, size, offset);
	if (result < 0)
		return err_errno(err, ERR_DISK, -result, "cannot be read");
	result = block_parse(bytes, size, boot->sector_size, &ret_candidate->block, err);
	if (result == 0 && (ret_candidate->block.version == 1) != (boot->kind == BOOT_VISTA))
		result = err_set(err, ERR_DISK, EINVAL,
				 "metadata version %u does not go with the boot sector",
				 ret_candidate->block.version);
	if (result == 0 && !guid_is_zero(&boot->volume_id) &&
	    !guid_equal(&boot->volume_id, &ret_candidate->block.volume_id))
		result = err_set(err, ERR_DISK, EINVAL, "it is another volume's");
	if (result == 0 && !block_names_place(&ret_candidate->block, offset))
		result = err_set(err, ERR_DISK, EINVAL, "it names other places than its own");
	if (result == 0)
		ret_candidate->bytes = TAKE(bytes);
	return result;
}

static bool same_copy(const struct block *a, const uint8_t *a_bytes,
		      const struct candidate *candidate)
{
	return a->size == candidate->block.size && memcmp(a_bytes, candidate->bytes, a->size) == 0;
}

static void take_copy(struct bde_metadata *metadata, unsigned int index,
		      struct candidate *candidate, struct notes *warnings)
{
	metadata->info.copies[index].valid = true;
	if (!metadata->bytes) {
		metadata->bytes = TAKE(candidate->bytes);
		metadata->block = candidate->block;
	} else if (!same_copy(&metadata->block, metadata->bytes, candidate)) {
		notes_add(warnings,
			  "BitLocker metadata copy %u at offset %" PRIu64 " differs from the one "
			  "that is used, though its checksum is right",
			  index + 1, metadata->info.copies[index].offset);
	}
}

/* In the Vista format only a metadata block has the offsets of the others. */
static uint64_t copy_offset(const struct bde_metadata *metadata, unsigned int index)
{
	if (metadata->boot.kind == BOOT_VISTA && metadata->bytes)
		return metadata->block.offsets[index];
	return metadata->boot.offsets[index];
}

static int read_copies(struct source *volume, struct bde_metadata *metadata, struct notes *warnings,
		       struct err *err)
{
	for (unsigned int i = 0; i < BDE_COPIES; i++) {
		struct candidate candidate = {0};
		struct bde_copy *copy = &metadata->info.copies[i];
		struct err why = {0};
		int result;

		copy->offset = copy_offset(metadata, i);
		result = read_copy(volume, &metadata->boot, copy->offset, &candidate, &why);
		if (candidate.bytes)
			take_copy(metadata, i, &candidate, warnings);
		free(candidate.bytes);
		if (result == -ENOMEM)
			return err_nomem(err);
		if (result == 0)
			continue;
		copy->problem = strdup(why.message);
		if (!copy->problem)
			return err_nomem(err);
	}
	return 0;
}

static int all_damaged(const struct bde_info *info, struct err *err)
{
	const struct bde_copy *copy = info->copies;
	int result =
		err_set(err, ERR_DISK, EINVAL,
			"no copy of the BitLocker metadata is usable: copy 1 at offset %" PRIu64
			": %s; "
			"copy 2 at offset %" PRIu64 ": %s; copy 3 at offset %" PRIu64 ": %s",
			copy[0].offset, copy[0].problem, copy[1].offset, copy[1].problem,
			copy[2].offset, copy[2].problem);

	err_hint(err, "without metadata the key of the volume is lost; look for another image of "
		      "this disk, or for a key package made by manage-bde");
	return result;
}

static void note_copies(const struct bde_metadata *metadata, struct notes *warnings)
{
	for (unsigned int i = 0; i < BDE_COPIES; i++) {
		const struct bde_copy *copy = &metadata->info.copies[i];

		if (!copy->valid)
			notes_add(warnings,
				  "BitLocker metadata copy %u at offset %" PRIu64 " is damaged: %s",
				  i + 1, copy->offset, copy->problem);
		if (metadata->block.offsets[i] != copy->offset &&
		    metadata->boot.kind != BOOT_VISTA && !metadata->info.boot_lost)
			notes_add(warnings,
				  "boot sector places BitLocker metadata copy %u at offset %" PRIu64
				  ", "
				  "the metadata at %" PRIu64,
				  i + 1, copy->offset, metadata->block.offsets[i]);
	}
}

/* ---------------------------------------------------------------- contents */

/* UTF-8 for people from a text datum; NULL stays NULL. -ENOMEM. */
static int make_text(const struct cursor *utf16, char **ret_text)
{
	if (utf16->left == 0)
		return 0;
	*ret_text = utf16_to_utf8(utf16->data, utf16->left);
	if (!*ret_text)
		return -ENOMEM;
	err_sanitise(*ret_text);
	return 0;
}

static int add_protector(struct bde_metadata *metadata, const struct protector *part)
{
	struct bde_protector *protector =
		&metadata->info.protectors[metadata->info.protector_count];

	protector->id = part->id;
	protector->type = part->type;
	protector->modified = part->modified;
	metadata->parts[metadata->info.protector_count++] = *part;
	return make_text(&part->name_utf16, &protector->name);
}

static int collect_protectors(struct bde_metadata *metadata, struct notes *warnings)
{
	struct cursor list = metadata->block.datums;
	struct datum datum;

	while (datum_next(&list, &datum) > 0) {
		struct protector part;

		if (datum.role != DATUM_ROLE_PROTECTOR || datum.type != DATUM_VMK)
			continue;
		if (metadata->info.protector_count == BDE_PROTECTOR_MAX) {
			notes_add(warnings, "only the first %d key protectors are used",
				  BDE_PROTECTOR_MAX);
			break;
		}
		if (!protector_parse(&datum, &part)) {
			notes_add(warnings, "a key protector in the metadata is damaged");
			continue;
		}
		if (add_protector(metadata, &part) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ----------------------------------------------------------------------- EOW */

static int fill_eow(struct bde_metadata *metadata)
{
	struct bde_eow *eow = &metadata->info.eow;
	const struct eow_map *map = metadata->eow;

	for (unsigned int i = 0; i < BDE_EOW_COPIES; i++) {
		const char *problem = map ? map->copy_problems[i] : metadata->eow_failed.message;

		eow->copies[i].offset = metadata->boot.eow[i];
		eow->copies[i].valid = problem == NULL;
		eow->copies[i].problem = problem ? strdup(problem) : NULL;
		if (problem && !eow->copies[i].problem)
			return -ENOMEM;
	}
	if (!map)
		return 0;
	eow->chunk_size = map->chunk_size;
	eow->bitmaps = map->count;
	eow->lost = map->lost;
	for (uint32_t i = 0; i < map->count; i++)
		eow->interrupted += map->regions[i].busy != 0;
	return 0;
}

/* An EOW volume whose bitmaps cannot be read is still shown; opening it is refused. */
static int read_eow(struct source *volume, struct bde_metadata *metadata, struct notes *warnings)
{
	int result;

	if (metadata->boot.kind != BOOT_EOW)
		return 0;
	result = eow_map_read(volume, metadata->boot.eow, warnings, &metadata->eow,
			      &metadata->eow_failed);
	return result == -ENOMEM ? result : fill_eow(metadata);
}

static void note_sizes(const struct bde_metadata *metadata, uint64_t source_size,
		       struct notes *warnings)
{
	const struct bde_info *info = &metadata->info;
	uint64_t known = layout_known_end(&metadata->state.layout);

	if (source_size != info->volume_size)
		notes_add(
			warnings,
			"the volume is %" PRIu64
			" bytes long, not a multiple of its sectors of %u bytes; the last %" PRIu64
			" bytes are skipped",
			source_size, info->sector_size, (source_size - info->volume_size));
	if (known > source_size)
		notes_add(warnings,
			  "the volume should be %" PRIu64 " bytes long and is %" PRIu64
			  ": the image is cut off",
			  known, source_size);
	else if (known != 0 && known < info->volume_size)
		notes_add(warnings,
			  "the volume is %" PRIu64 " bytes long, but BitLocker covers %" PRIu64
			  "; the rest cannot be read",
			  info->volume_size, known);
}

/* What is computed from the rest. */
static int fill_state(struct bde_metadata *metadata, uint64_t source_size)
{
	struct bde_info *info = &metadata->info;
	const struct state_input input = {
		.kind = metadata->boot.kind,
		.block = &metadata->block,
		.map = metadata->eow,
		.clear_key = bde_info_has(info, BDE_PROTECTOR_CLEAR_KEY),
		.sector_size = metadata->boot.sector_size,
		.source_size = source_size,
	};
	int result = state_compute(&input, &metadata->state);

	if (result < 0)
		return result;
	info->state = metadata->state.state;
	info->conversion = metadata->state.conversion;
	info->suspended = metadata->state.suspended;
	info->ciphertext_size = metadata->state.ciphertext_size;
	info->volume_size = metadata->state.layout.volume_size;
	return 0;
}

static int fill_info(struct bde_metadata *metadata, struct source *volume, struct notes *warnings)
{
	const struct block *block = &metadata->block;
	struct bde_info *info = &metadata->info;
	int result = collect_protectors(metadata, warnings);

	if (result == 0)
		result = make_text(&block->text_utf16, &info->description);
	if (result < 0)
		return result;
	info->version = block->version;
	info->to_go = metadata->boot.to_go;
	info->method = block->method;
	info->state_current = block->state_current;
	info->state_next = block->state_next;
	info->sector_size = metadata->boot.sector_size;
	info->encrypted_size = block->encrypted_size;
	info->conversion_size = block->conversion_size;
	info->header_offset = block->header_offset;
	info->header_size = block->header_size;
	info->volume_id = block->volume_id;
	info->created = block->created;
	result = read_eow(volume, metadata, warnings);
	if (result == 0)
		result = fill_state(metadata, volume->size);
	if (result == 0)
		note_sizes(metadata, volume->size, warnings);
	return result;
}

int metadata_read_at(struct source *volume, const struct boot *boot, bool boot_lost,
		     struct notes *warnings, struct bde_metadata **ret_metadata, struct err *err)
{
	struct bde_metadata *metadata CLEANUP(bde_metadata_free) = calloc(1, sizeof(*metadata));
	int result;

	if (!metadata)
		return err_nomem(err);
	metadata->boot = *boot;
	metadata->info.boot_lost = boot_lost;
	result = read_copies(volume, metadata, warnings, err);
	if (result < 0)
		return result;
	if (!metadata->bytes)
		return all_damaged(&metadata->info, err);
	note_copies(metadata, warnings);
	if (fill_info(metadata, volume, warnings) < 0)
		return err_nomem(err);
	*ret_metadata = TAKE(metadata);
	return 0;
}

void bde_metadata_free(struct bde_metadata *metadata)
{
	if (!metadata)
		return;
	for (unsigned int i = 0; i < BDE_COPIES; i++)
		free(metadata->info.copies[i].problem);
	for (unsigned int i = 0; i < BDE_EOW_COPIES; i++)
		free(metadata->info.eow.copies[i].problem);
	eow_map_free(metadata->eow);
	for (size_t i = 0; i < metadata->info.protector_count; i++)
		free(metadata->info.protectors[i].name);
	free(metadata->info.description);
	if (metadata->bytes)
		secret_wipe(metadata->bytes, BLOCK_SIZE); /* may hold a clear key */
	free(metadata->bytes);
	free(metadata);
}

const struct bde_info *bde_metadata_info(const struct bde_metadata *metadata)
{
	return &metadata->info;
}

bool bde_info_has(const struct bde_info *info, uint16_t type)
{
	for (size_t i = 0; i < info->protector_count; i++) {
		if (info->protectors[i].type == type)
			return true;
	}
	return false;
}

const struct bde_protector *bde_info_protector(const struct bde_info *info, const struct guid *id)
{
	for (size_t i = 0; i < info->protector_count; i++) {
		if (guid_equal(&info->protectors[i].id, id))
			return &info->protectors[i];
	}
	return NULL;
}
