/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse info --json` and info.json; see report.h. The schema is described in adefuse(1). */
#include "config.h"

#include <stdio.h>

#include "base/text/units.h"
#include "cli/report.h"
#include "disk/partition/filesystem.h"
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

static void write_copies(struct json_writer *json, const char *name, const struct bde_copy *copies,
			 size_t count)
{
	json_write_array(json, name);
	for (size_t i = 0; i < count; i++) {
		json_write_object(json, NULL);
		json_write_number(json, "offset", copies[i].offset);
		json_write_bool(json, "valid", copies[i].valid);
		json_write_text(json, "problem", copies[i].problem);
		json_write_end(json);
	}
	json_write_end(json);
}

static const char *conversion_name(enum bde_conversion conversion)
{
	switch (conversion) {
	case BDE_CONVERSION_WATERMARK:
		return "watermark";
	case BDE_CONVERSION_BITMAP:
		return "bitmap";
	case BDE_CONVERSION_NONE:
		break;
	}
	return "none";
}

static void write_conversion(struct json_writer *json, const struct bde_info *info)
{
	const struct bde_eow *eow = &info->eow;

	json_write_bool(json, "suspended", info->suspended);
	json_write_text(json, "conversion", conversion_name(info->conversion));
	json_write_number(json, "conversion_size", info->conversion_size);
	json_write_number(json, "percent_encrypted", (uint64_t)report_percent(info));
	json_write_number(json, "ciphertext_size", info->ciphertext_size);
	if (info->conversion != BDE_CONVERSION_BITMAP)
		return;
	json_write_object(json, "eow");
	write_copies(json, "descriptor_copies", eow->copies, BDE_EOW_COPIES);
	json_write_number(json, "chunk_size", eow->chunk_size);
	json_write_number(json, "bitmaps", eow->bitmaps);
	json_write_number(json, "bitmaps_lost", eow->lost);
	json_write_number(json, "chunks_interrupted", eow->interrupted);
	json_write_end(json);
}

/* What a key has opened: how much of it can be read. */
static void write_plaintext(struct json_writer *json, const struct opened_disk *disk,
			    const struct opened_volume *volume)
{
	struct bde_coverage coverage;

	json_write_object(json, "plaintext");
	json_write_number(json, "size", volume->plain->size);
	json_write_text(json, "content", filesystem_name(volume->plain));
	if (bde_volume_coverage(volume->plain, &coverage)) {
		json_write_number(json, "ciphertext", coverage.ciphertext);
		json_write_number(json, "plaintext", coverage.plaintext);
		json_write_number(json, "zeros", coverage.zeros);
		json_write_number(json, "unreadable", coverage.refused);
	}
	json_write_bool(json, "salvaged", opened_is_salvaged(disk, volume));
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
		json_write_text(json, "opened_with", report_opens_with(protector->type));
		json_write_end(json);
	}
	json_write_end(json);
}

static void write_bitlocker(struct json_writer *json, const struct bde_info *info)
{
	json_write_object(json, "bitlocker");
	json_write_number(json, "version", info->version);
	json_write_bool(json, "to_go", info->to_go);
	json_write_bool(json, "boot_sector_lost", info->boot_lost);
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
	write_conversion(json, info);
	write_copies(json, "metadata_copies", info->copies, BDE_COPIES);
	write_protectors(json, info);
	json_write_end(json);
}

static void write_engine(struct json_writer *json, const struct opened_volume *volume)
{
	bool libbde = volume->plain && volume->engine == ENGINE_LIBBDE;

	json_write_text(json, "engine", volume->plain ? engine_name(volume->engine) : NULL);
	json_write_text(json, "engine_version", libbde ? engine_libbde_version() : NULL);
}

static void write_opened_by(struct json_writer *json, const struct opened_volume *volume)
{
	const struct bde_protector *protector = volume->protector;

	json_write_object(json, "opened_by");
	json_write_text(json, "key", volume->key_what);
	json_write_text(json, "protector_id", protector ? guid_format(&protector->id).text : NULL);
	json_write_text(json, "protector_type",
			protector ? bde_protector_type_name(protector->type) : NULL);
	json_write_text(json, "secret", volume->origin.secret_url);
	json_write_text(json, "kek", volume->origin.kek_url);
	json_write_text(json, "algorithm", volume->origin.algorithm);
	json_write_end(json);
}

static void write_partition(struct json_writer *json, const struct opened_disk *disk,
			    const struct partition *partition)
{
	json_write_number(json, "number", partition->number);
	json_write_number(json, "offset", partition->offset);
	json_write_number(json, "size", partition->size);
	json_write_bool(json, "clipped", partition->clipped);
	if (disk->table->scheme == PARTITION_NONE)
		return;
	json_write_text(json, "type", partition_type_name(disk->table, partition));
	if (disk->table->scheme == PARTITION_GPT) {
		write_guid(json, "type_guid", &partition->type);
		write_guid(json, "id", &partition->id);
		json_write_text(json, "name", partition->name);
	} else {
		json_write_number(json, "mbr_type", partition->mbr_type);
	}
}

static void write_volume(struct json_writer *json, const struct opened_disk *disk,
			 const struct opened_volume *volume, bool mounted)
{
	char file[32];

	json_write_object(json, NULL);
	write_partition(json, disk, volume->partition);
	json_write_text(json, "content", volume->content);
	json_write_bool(json, "readable", volume->plain != NULL);
	json_write_text(json, "reason", volume->plain ? NULL : volume->reason.message);
	if (mounted) {
		(void)snprintf(file, sizeof(file), "p%u.raw", volume->partition->number);
		json_write_text(json, "file", volume->plain ? file : NULL);
	}
	if (volume->metadata) {
		write_bitlocker(json, bde_metadata_info(volume->metadata));
		write_engine(json, volume);
	}
	if (volume->key_what)
		write_opened_by(json, volume);
	if (volume->metadata && volume->plain)
		write_plaintext(json, disk, volume);
	write_notes(json, &volume->warnings);
	json_write_end(json);
}

static void write_disk(struct json_writer *json, const struct opened_disk *disk)
{
	const struct partition_table *table = disk->table;

	json_write_object(json, "disk");
	json_write_text(json, "path", disk->path);
	json_write_text(json, "format", image_format_name(disk->format));
	json_write_number(json, "size", disk->source->size);
	json_write_text(json, "partition_table", partition_scheme_name(table->scheme));
	json_write_number(json, "sector_size", table->sector_size);
	if (table->scheme == PARTITION_GPT)
		write_guid(json, "id", &table->disk_id);
	else if (table->scheme == PARTITION_MBR)
		json_write_number(json, "mbr_signature", table->disk_signature);
	write_notes(json, &disk->warnings);
	json_write_end(json);
}

static void write_head(struct json_writer *json)
{
	json_write_number(json, "schema_version", SCHEMA_VERSION);
	json_write_text(json, "adefuse", PACKAGE_VERSION);
}

static void write_opened(struct json_writer *json, const struct opened_disk *disk, bool mounted)
{
	write_disk(json, disk);
	json_write_array(json, "volumes");
	for (size_t i = 0; i < disk->count; i++)
		write_volume(json, disk, &disk->volumes[i], mounted);
	json_write_end(json);
}

char *report_json(const struct opened_disk *disk, bool mounted)
{
	struct json_writer *json = json_write_new();

	if (!json)
		return NULL;
	write_head(json);
	write_opened(json, disk, mounted);
	return json_write_finish(json);
}

struct json_writer *report_disks_new(void)
{
	struct json_writer *json = json_write_new();

	if (!json)
		return NULL;
	write_head(json);
	json_write_array(json, "disks");
	return json;
}

void report_disks_add(struct json_writer *json, const struct opened_disk *disk)
{
	json_write_object(json, NULL);
	write_opened(json, disk, false);
	json_write_end(json);
}

void report_disks_fail(struct json_writer *json, const char *path, const struct err *err)
{
	json_write_object(json, NULL);
	json_write_text(json, "path", path);
	json_write_object(json, "error");
	json_write_number(json, "code", err->kind);
	json_write_text(json, "message", err->message);
	json_write_text(json, "hint", err->hint[0] ? err->hint : NULL);
	json_write_end(json);
	json_write_end(json);
}
