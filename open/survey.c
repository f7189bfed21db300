/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a disk as far as that goes without a key; see survey.h. */
#include "open/survey.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "disk/file.h"
#include "disk/partition/filesystem.h"
#include "disk/slice.h"

bool survey_is_bitlocker(const struct survey_volume *volume)
{
	return strcmp(volume->content, "bitlocker") == 0;
}

bool survey_is_locked(const struct survey_volume *volume)
{
	return volume->metadata && !volume->plain;
}

bool survey_is_salvaged(const struct survey *survey, const struct survey_volume *volume)
{
	const struct bde_info *info = volume->metadata ? bde_metadata_info(volume->metadata) : NULL;

	return (survey->flags & BDE_SALVAGE) && info && volume->plain &&
	       info->conversion == BDE_CONVERSION_BITMAP &&
	       (info->eow.lost > 0 || info->eow.chunk_size == 0);
}

bool survey_is_nothing(const struct survey *survey)
{
	return survey->format == IMAGE_RAW && survey->table->scheme == PARTITION_NONE &&
	       (survey->count == 0 || strcmp(survey->volumes[0].content, "unknown") == 0);
}

int survey_check_volume(const struct survey *survey, unsigned int number, struct err *err)
{
	if (number == 0)
		return 0;
	for (size_t i = 0; i < survey->count; i++) {
		if (survey->volumes[i].partition->number == number)
			return 0;
	}
	err_set(err, ERR_USAGE, EINVAL, "this disk has no partition %u", number);
	err_hint(err, "'adefuse info DISK' lists them");
	return -EINVAL;
}

void survey_set_reason(struct survey_volume *volume, const struct err *err)
{
	if (volume->reason.kind == ERR_NONE)
		volume->reason = *err;
}

/* A decrypted volume needs no key. */
static void open_decrypted(struct survey_volume *volume, unsigned int flags)
{
	struct err err = {0};

	if (bde_metadata_info(volume->metadata)->state != BDE_STATE_DECRYPTED)
		return;
	volume->engine = bde_engine_for(volume->metadata, BDE_ENGINE_AUTO);
	if (bde_open(volume->source, volume->metadata, NULL, BDE_ENGINE_AUTO, flags,
		     &volume->warnings, &volume->plain, &volume->protector, &err) < 0)
		survey_set_reason(volume, &err);
}

/* What came of looking for metadata. */
static void take_bitlocker(struct survey_volume *volume, unsigned int flags, int result,
			   const struct err *err)
{
	volume->content = "bitlocker";
	if (result < 0)
		survey_set_reason(volume, err);
	else
		open_decrypted(volume, flags);
}

/*
 * A first sector that begins no volume may have been written over the one of a BitLocker volume:
 * serving what is behind it as plaintext would be wrong then. A volume that begins as it should is
 * not searched; it may have been formatted where a BitLocker volume was.
 */
static void read_plain(struct survey_volume *volume, unsigned int flags)
{
	struct err err = {0};
	int result = -ENOENT;

	volume->content = filesystem_name(volume->source);
	if (!filesystem_is_sound(volume->source))
		result = bde_metadata_find(volume->source, flags, &volume->warnings,
					   &volume->metadata, &err);
	if (result == -ENOENT)
		volume->plain = source_ref(volume->source);
	else
		take_bitlocker(volume, flags, result, &err);
}

static void survey_volume_read(struct survey_volume *volume, struct source *disk,
			       unsigned int flags)
{
	const struct partition *partition = volume->partition;
	struct err err = {0};
	int result;

	volume->content = "unknown";
	result = slice_new(disk, partition->offset, partition->size, &volume->source);
	if (result < 0) {
		err_set(&err, ERR_DISK, -result, "partition %u does not lie on the disk",
			partition->number);
		survey_set_reason(volume, &err);
		return;
	}
	result = bde_probe(volume->source, &err);
	if (result == 0) {
		read_plain(volume, flags);
	} else if (result > 0) {
		result = bde_metadata_read(volume->source, flags, &volume->warnings,
					   &volume->metadata, &err);
		take_bitlocker(volume, flags, result, &err);
	} else {
		/* nobody can tell whether what is readable of it is plaintext */
		survey_set_reason(volume, &err);
	}
}

static int read_partitions(struct survey *survey, struct err *err)
{
	int result = partition_table_read(survey->disk, &survey->warnings, &survey->table, err);

	if (result < 0)
		return result;
	survey->volumes = calloc(survey->table->count + 1, sizeof(*survey->volumes));
	if (!survey->volumes)
		return err_nomem(err);
	survey->count = survey->table->count;
	for (size_t i = 0; i < survey->count; i++) {
		survey->volumes[i].partition = &survey->table->partitions[i];
		survey_volume_read(&survey->volumes[i], survey->disk, survey->flags);
	}
	return 0;
}

int survey_open(const char *path, unsigned int flags, struct survey **ret_survey, struct err *err)
{
	struct survey *survey CLEANUP(survey_free) = calloc(1, sizeof(*survey));
	int result;

	if (!survey)
		return err_nomem(err);
	survey->flags = flags;
	survey->path = strdup(path);
	if (!survey->path)
		return err_nomem(err);
	result = file_open(path, &survey->file, err);
	if (result == 0)
		result = image_open(survey->file, path, &survey->warnings, &survey->format,
				    &survey->disk, err);
	if (result == 0)
		result = read_partitions(survey, err);
	if (result < 0)
		return result;
	*ret_survey = TAKE(survey);
	return 0;
}

void survey_origin_clear(struct survey_origin *origin)
{
	free(origin->secret_url);
	free(origin->name);
	free(origin->version);
	free(origin->content_type);
	free(origin->machine_name);
	free(origin->volume_letter);
	free(origin->kek_url);
	free(origin->algorithm);
	*origin = (struct survey_origin){0};
}

static void volume_clear(struct survey_volume *volume)
{
	source_unref(volume->plain);
	source_unref(volume->second);
	source_unref(volume->source);
	bde_metadata_free(volume->metadata);
	notes_clear(&volume->warnings);
	secret_free(volume->bek);
	free(volume->key_what);
	survey_origin_clear(&volume->origin);
}

void survey_free(struct survey *survey)
{
	if (!survey)
		return;
	for (size_t i = 0; i < survey->count; i++)
		volume_clear(&survey->volumes[i]);
	free(survey->volumes);
	partition_table_free(survey->table);
	source_unref(survey->disk);
	source_unref(survey->file);
	notes_clear(&survey->warnings);
	free(survey->path);
	free(survey);
}

void survey_log_warnings(const struct survey *survey)
{
	for (size_t i = 0; i < survey->warnings.count; i++)
		log_warning("%s", survey->warnings.text[i]);
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		for (size_t k = 0; k < volume->warnings.count; k++)
			log_warning("p%u: %s", volume->partition->number, volume->warnings.text[k]);
	}
}
