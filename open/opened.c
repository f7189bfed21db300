/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An opened disk; see opened.h. */
#include "open/opened.h"

#include <string.h>

const struct opened_volume *opened_find(const struct opened_disk *disk, unsigned int number)
{
	for (size_t i = 0; i < disk->count; i++) {
		if (disk->volumes[i].partition->number == number)
			return &disk->volumes[i];
	}
	return NULL;
}

bool opened_is_bitlocker(const struct opened_volume *volume)
{
	return strcmp(volume->content, "bitlocker") == 0;
}

bool opened_is_locked(const struct opened_volume *volume)
{
	return volume->metadata && !volume->plain;
}

bool opened_is_salvaged(const struct opened_disk *disk, const struct opened_volume *volume)
{
	const struct bde_info *info = volume->metadata ? bde_metadata_info(volume->metadata) : NULL;

	return disk->salvage && info && volume->plain &&
	       info->conversion == BDE_CONVERSION_BITMAP &&
	       (info->eow.lost > 0 || info->eow.chunk_size == 0);
}

bool opened_is_nothing(const struct opened_disk *disk)
{
	return disk->format == IMAGE_RAW && disk->table->scheme == PARTITION_NONE &&
	       (disk->count == 0 || strcmp(disk->volumes[0].content, "unknown") == 0);
}

void opened_set_reason(struct opened_volume *volume, const struct err *err)
{
	if (volume->reason.kind == ERR_NONE)
		volume->reason = *err;
}

static void volume_clear(struct opened_volume *volume)
{
	source_unref(volume->plain);
	source_unref(volume->second);
	source_unref(volume->source);
	bde_metadata_free(volume->metadata);
	notes_clear(&volume->warnings);
	secret_free(volume->bek);
	free(volume->key_what);
	open_origin_clear(&volume->origin);
}

void opened_free(struct opened_disk *disk)
{
	if (!disk)
		return;
	source_unref(disk->plain);
	for (size_t i = 0; i < disk->count; i++)
		volume_clear(&disk->volumes[i]);
	free(disk->volumes);
	partition_table_free(disk->table);
	source_unref(disk->source);
	source_unref(disk->file);
	notes_clear(&disk->warnings);
	free(disk->path);
	free(disk);
}
