/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse info` as text; see report.h. */
#include "cli/report.h"

#include <inttypes.h>
#include <time.h>

#include "base/text/units.h"
#include "disk/partition/filesystem.h"

static void print_notes(FILE *out, const char *indent, const struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		(void)fprintf(out, "%swarning: %s\n", indent, notes->text[i]);
}

const char *report_opens_with(uint16_t protector_type)
{
	switch (protector_type) {
	case BDE_PROTECTOR_CLEAR_KEY:
		return "no key";
	case BDE_PROTECTOR_STARTUP_KEY:
		return "--vault, --secret, --azure-json or --bek";
	case BDE_PROTECTOR_RECOVERY_PASSWORD:
		return "--recovery-password";
	case BDE_PROTECTOR_PASSWORD:
		return "--password";
	default:
		return NULL;
	}
}

double report_percent(const struct bde_info *info)
{
	uint64_t size = info->volume_size;
	uint64_t part = info->ciphertext_size;

	if (info->state == BDE_STATE_DECRYPTED || size == 0)
		return 0;
	/* BitLocker's own structures are not data: without them all of it is 100 % */
	if (info->state == BDE_STATE_ENCRYPTED || info->state == BDE_STATE_SUSPENDED)
		return 100;
	return 100.0 * (double)part / (double)size;
}

static void print_conversion(FILE *out, const struct bde_info *info)
{
	const struct bde_eow *eow = &info->eow;

	if (info->state == BDE_STATE_OTHER)
		(void)fprintf(out, "      conversion: unknown state %u, next %u\n",
			      info->state_current, info->state_next);
	if (info->conversion == BDE_CONVERSION_WATERMARK)
		(void)fprintf(out,
			      "      conversion: stopped at %" PRIu64
			      ", %.1f %% encrypted, next %s\n",
			      info->encrypted_size, report_percent(info),
			      info->state_next == 1 ? "decrypting" : "encrypting");
	if (info->conversion != BDE_CONVERSION_BITMAP)
		return;
	if (eow->chunk_size == 0) {
		(void)fprintf(out, "      conversion: tracked by a bitmap that is lost\n");
		return;
	}
	(void)fprintf(out,
		      "      conversion: by %" PRIu32 " bitmaps of %" PRIu32
		      "-byte chunks, %.1f %% encrypted",
		      eow->bitmaps, eow->chunk_size, report_percent(info));
	if (eow->lost > 0)
		(void)fprintf(out, ", %" PRIu32 " bitmaps lost", eow->lost);
	if (eow->interrupted > 0)
		(void)fprintf(out, ", %" PRIu32 " chunks interrupted", eow->interrupted);
	(void)fprintf(out, "\n");
}

/* Where a protector that no option takes is of use. */
static const char *held_elsewhere(uint16_t type)
{
	if (type == BDE_PROTECTOR_PUBLIC_KEY)
		return ": opens only in Windows with that card or certificate";
	return ": opens only in Windows on its own machine";
}

/* The protectors, and what to do about them. */
static void print_protectors(FILE *out, const struct bde_info *info)
{
	bool openable = false;

	for (size_t i = 0; i < info->protector_count; i++) {
		const struct bde_protector *protector = &info->protectors[i];
		const char *opens = report_opens_with(protector->type);

		openable = openable || opens;
		(void)fprintf(out, "      %s  %s  %s%s%s%s%s\n",
			      i == 0 ? "protectors:" : "           ",
			      guid_format(&protector->id).text,
			      bde_protector_type_name(protector->type), protector->name ? ", " : "",
			      protector->name ? protector->name : "",
			      opens ? ": opened by " : held_elsewhere(protector->type),
			      opens ? opens : "");
	}
	if (info->protector_count == 0)
		(void)fprintf(out, "      protectors: none\n");
	else if (!openable)
		(void)fprintf(out, "                   none of these can be used here: look for a "
				   "recovery password (Entra ID, Active Directory)\n");
}

static void print_copies(FILE *out, const struct bde_info *info)
{
	size_t good = 0;

	for (size_t i = 0; i < BDE_COPIES; i++)
		good += info->copies[i].valid;
	(void)fprintf(out, "      metadata:   %zu of %d copies good\n", good, BDE_COPIES);
	for (size_t i = 0; i < BDE_COPIES; i++) {
		if (!info->copies[i].valid)
			(void)fprintf(out, "                  copy %zu at %" PRIu64 ": %s\n", i + 1,
				      info->copies[i].offset,
				      info->copies[i].problem ? info->copies[i].problem : "bad");
	}
}

static void print_bitlocker(FILE *out, const struct opened_volume *volume)
{
	const struct bde_info *info = bde_metadata_info(volume->metadata);
	struct time_text created = units_filetime(info->created);

	(void)fprintf(out, "      BitLocker:  %s, %s%s, version %u\n", bde_state_name(info->state),
		      bde_method_name(info->method), info->to_go ? ", To Go" : "", info->version);
	(void)fprintf(out, "      volume id:  %s\n", guid_format(&info->volume_id).text);
	if (info->boot_lost)
		(void)fprintf(out, "      boot:       overwritten\n");
	if (info->description)
		(void)fprintf(out, "      label:      %s\n", info->description);
	(void)fprintf(out, "      created:    %s\n", created.text);
	(void)fprintf(out, "      sectors:    %" PRIu32 " bytes\n", info->sector_size);
	print_conversion(out, info);
	print_copies(out, info);
	print_protectors(out, info);
}

/* What a key has opened. */
static void print_plain(FILE *out, const struct opened_volume *volume)
{
	struct bde_coverage coverage = {0};
	struct size_text size = units_size(volume->plain->size);

	(void)fprintf(out, "      plaintext:  %s, %s\n", filesystem_name(volume->plain), size.text);
	if (bde_volume_coverage(volume->plain, &coverage) && coverage.refused > 0)
		(void)fprintf(out, "      unreadable: %" PRIu64 " bytes\n", coverage.refused);
}

static void print_volume(FILE *out, const struct opened_disk *disk,
			 const struct opened_volume *volume)
{
	const struct partition *partition = volume->partition;
	struct size_text size = units_size(partition->size);

	(void)fprintf(out, "  p%u  %s at %" PRIu64, partition->number, size.text,
		      partition->offset);
	if (disk->table->scheme != PARTITION_NONE)
		(void)fprintf(out, ", %s", partition_type_name(disk->table, partition));
	if (partition->name && partition->name[0])
		(void)fprintf(out, " '%s'", partition->name);
	(void)fprintf(out, ", %s\n", volume->content);
	if (volume->metadata)
		print_bitlocker(out, volume);
	if (volume->key_what)
		(void)fprintf(out, "      opened by:  %s\n", volume->key_what);
	if (volume->plain && volume->engine == ENGINE_LIBBDE)
		(void)fprintf(out, "      engine:     libbde %s\n", engine_libbde_version());
	if (volume->metadata && volume->plain)
		print_plain(out, volume);
	if (!volume->plain && volume->reason.kind != ERR_NONE)
		(void)fprintf(out, "      locked:     %s\n", volume->reason.message);
	print_notes(out, "      ", &volume->warnings);
}

void report_text(const struct opened_disk *disk, FILE *out)
{
	const struct partition_table *table = disk->table;
	struct size_text size = units_size(disk->source->size);

	(void)fprintf(out, "%s: %s, %s, ", disk->path, image_format_name(disk->format), size.text);
	if (table->scheme == PARTITION_NONE)
		(void)fprintf(out, "no partition table\n");
	else
		(void)fprintf(out, "%s partition table, %" PRIu32 "-byte sectors\n",
			      partition_scheme_name(table->scheme), table->sector_size);
	print_notes(out, "  ", &disk->warnings);
	for (size_t i = 0; i < disk->count; i++)
		print_volume(out, disk, &disk->volumes[i]);
	if (disk->count == 0)
		(void)fprintf(out, "  no partitions\n");
}
