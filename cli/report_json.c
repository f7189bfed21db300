/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse info --json` and info.json; see report.h. The schema is described in adefuse(1). */
#include "config.h"

#include <stdio.h>

#include "cli/report.h"
#include "cli/units.h"
#include "net/json_write.h"

/* Raised when a member changes its meaning or goes; new members do not raise it. */
enum {
	SCHEMA_VERSION = 1
};

static void write_guid(struct json_writer *json, const char *name, const struct guid *guid)
{
	json_write_text(json, name, guid_format(guid).text);
}

static void write_notes(struct json_writer *json, const struct notes *notes)
{
	json_write_array(json, "warnings");
	for (size_t i = 0; i < notes->count; i++)
		json_write_text(json, NULL, notes->text[i]);
	json_write_end(json);
}

static void write_filetime(struct json_writer *json, const char *name, uint64_t filetime)
{
	json_write_text(json, name, filetime ? units_filetime(filetime).text : NULL);
}

static void write_copies(struct json_writer *json, const struct bde_info *info)
{
	json_write_array(json, "metadata_copies");
	for (size_t i = 0; i < BDE_COPIES; i++) {
		json_write_object(json, NULL);
		json_write_number(json, "offset", info->copies[i].offset);
		json_write_bool(json, "valid", info->copies[i].valid);
		json_write_text(json, "problem", info->copies[i].problem);
		json_write_end(json);
	}
	json_write_end(json);
}

static void write_protectors(struct json_writer *json, const struct bde_info *info)
{
	json_write_array(json, "protectors");
	for (size_t i = 0; i < info->protector_count; i++) {
		const struct bde_protector *protector = &info->protectors[i];

		json_write_object(json, NULL);
		write_guid(json, "id", &protector->id);
		json_write_text(json, "type", bde_protector_type_name(protector->type));
		json_write_number(json, "type_code", protector->type);
		json_write_text(json, "name", protector->name);
		write_filetime(json, "modified", protector->modified);
		json_write_end(json);
	}
	json_write_end(json);
}

static void write_bitlocker(struct json_writer *json, const struct bde_info *info)
{
	json_write_object(json, "bitlocker");
	json_write_number(json, "version", info->version);
	json_write_bool(json, "to_go", info->to_go);
	json_write_text(json, "state", bde_state_name(info->state));
	json_write_number(json, "state_current", info->state_current);
	json_write_number(json, "state_next", info->state_next);
	json_write_text(json, "method", bde_method_name(info->method));
	json_write_number(json, "method_code", info->method);
	json_write_number(json, "sector_size", info->sector_size);
	json_write_number(json, "volume_size", info->volume_size);
	json_write_number(json, "encrypted_size", info->encrypted_size);
	json_write_number(json, "header_offset", info->header_offset);
	json_write_number(json, "header_size", info->header_size);
	write_guid(json, "volume_id", &info->volume_id);
	write_filetime(json, "created", info->created);
	json_write_text(json, "description", info->description);
	write_copies(json, info);
	write_protectors(json, info);
	json_write_end(json);
}

static void write_opened_by(struct json_writer *json, const struct survey_volume *volume)
{
	const struct bde_protector *protector = volume->protector;

	json_write_object(json, "opened_by");
	json_write_text(json, "key", volume->key_what);
	write_guid(json, "protector_id", &protector->id);
	json_write_text(json, "protector_type", bde_protector_type_name(protector->type));
	json_write_text(json, "secret", volume->origin.secret_url);
	json_write_text(json, "kek", volume->origin.kek_url);
	json_write_text(json, "algorithm", volume->origin.algorithm);
	json_write_end(json);
}

static void write_partition(struct json_writer *json, const struct survey *survey,
			    const struct partition *partition)
{
	json_write_number(json, "number", partition->number);
	json_write_number(json, "offset", partition->offset);
	json_write_number(json, "size", partition->size);
	json_write_bool(json, "clipped", partition->clipped);
	if (survey->table->scheme == PARTITION_NONE)
		return;
	json_write_text(json, "type", partition_type_name(survey->table, partition));
	if (survey->table->scheme == PARTITION_GPT) {
		write_guid(json, "type_guid", &partition->type);
		write_guid(json, "id", &partition->id);
		json_write_text(json, "name", partition->name);
	} else {
		json_write_number(json, "mbr_type", partition->mbr_type);
	}
}

static void write_volume(struct json_writer *json, const struct survey *survey,
			 const struct survey_volume *volume, bool mounted)
{
	char file[32];

	json_write_object(json, NULL);
	write_partition(json, survey, volume->partition);
	json_write_text(json, "content", volume->content);
	json_write_bool(json, "readable", volume->plain != NULL);
	json_write_text(json, "reason", volume->plain ? NULL : volume->reason.message);
	if (mounted) {
		(void)snprintf(file, sizeof(file), "p%u.raw", volume->partition->number);
		json_write_text(json, "file", volume->plain ? file : NULL);
	}
	if (volume->metadata)
		write_bitlocker(json, bde_metadata_info(volume->metadata));
	if (volume->protector)
		write_opened_by(json, volume);
	write_notes(json, &volume->warnings);
	json_write_end(json);
}

static void write_disk(struct json_writer *json, const struct survey *survey)
{
	const struct partition_table *table = survey->table;

	json_write_object(json, "disk");
	json_write_text(json, "path", survey->path);
	json_write_text(json, "format", image_format_name(survey->format));
	json_write_number(json, "size", survey->disk->size);
	json_write_text(json, "partition_table", partition_scheme_name(table->scheme));
	json_write_number(json, "sector_size", table->sector_size);
	if (table->scheme == PARTITION_GPT)
		write_guid(json, "id", &table->disk_id);
	else if (table->scheme == PARTITION_MBR)
		json_write_number(json, "mbr_signature", table->disk_signature);
	write_notes(json, &survey->warnings);
	json_write_end(json);
}

char *report_json(const struct survey *survey, bool mounted)
{
	struct json_writer *json = json_write_new();

	if (!json)
		return NULL;
	json_write_number(json, "schema_version", SCHEMA_VERSION);
	json_write_text(json, "adefuse", PACKAGE_VERSION);
	write_disk(json, survey);
	json_write_array(json, "volumes");
	for (size_t i = 0; i < survey->count; i++)
		write_volume(json, survey, &survey->volumes[i], mounted);
	json_write_end(json);
	return json_write_finish(json);
}
