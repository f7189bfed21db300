/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse info` as text; see report.h. */
#include "cli/report.h"

#include <inttypes.h>
#include <time.h>

#include "cli/units.h"

static void print_notes(FILE *out, const char *indent, const struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		(void)fprintf(out, "%swarning: %s\n", indent, notes->text[i]);
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

static void print_bitlocker(FILE *out, const struct survey_volume *volume)
{
	const struct bde_info *info = bde_metadata_info(volume->metadata);
	struct time_text created = units_filetime(info->created);

	(void)fprintf(out, "      BitLocker:  %s, %s%s, version %u\n", bde_state_name(info->state),
		      bde_method_name(info->method), info->to_go ? ", To Go" : "", info->version);
	(void)fprintf(out, "      volume id:  %s\n", guid_format(&info->volume_id).text);
	if (info->description)
		(void)fprintf(out, "      label:      %s\n", info->description);
	(void)fprintf(out, "      created:    %s\n", created.text);
	(void)fprintf(out, "      sectors:    %" PRIu32 " bytes\n", info->sector_size);
	print_copies(out, info);
	for (size_t i = 0; i < info->protector_count; i++) {
		const struct bde_protector *protector = &info->protectors[i];

		(void)fprintf(out, "      %s  %s  %s%s%s\n", i == 0 ? "protectors:" : "           ",
			      guid_format(&protector->id).text,
			      bde_protector_type_name(protector->type), protector->name ? ", " : "",
			      protector->name ? protector->name : "");
	}
	if (info->protector_count == 0)
		(void)fprintf(out, "      protectors: none\n");
}

static void print_volume(FILE *out, const struct survey *survey, const struct survey_volume *volume)
{
	const struct partition *partition = volume->partition;
	struct size_text size = units_size(partition->size);

	(void)fprintf(out, "  p%u  %s at %" PRIu64, partition->number, size.text,
		      partition->offset);
	if (survey->table->scheme != PARTITION_NONE)
		(void)fprintf(out, ", %s", partition_type_name(survey->table, partition));
	if (partition->name && partition->name[0])
		(void)fprintf(out, " '%s'", partition->name);
	(void)fprintf(out, ", %s\n", volume->content);
	if (volume->metadata)
		print_bitlocker(out, volume);
	if (volume->key_what)
		(void)fprintf(out, "      opened by:  %s\n", volume->key_what);
	if (!volume->plain && volume->reason.kind != ERR_NONE)
		(void)fprintf(out, "      locked:     %s\n", volume->reason.message);
	print_notes(out, "      ", &volume->warnings);
}

void report_text(const struct survey *survey, FILE *out)
{
	const struct partition_table *table = survey->table;
	struct size_text size = units_size(survey->disk->size);

	(void)fprintf(out, "%s: %s, %s, ", survey->path, image_format_name(survey->format),
		      size.text);
	if (table->scheme == PARTITION_NONE)
		(void)fprintf(out, "no partition table\n");
	else
		(void)fprintf(out, "%s partition table, %" PRIu32 "-byte sectors\n",
			      partition_scheme_name(table->scheme), table->sector_size);
	print_notes(out, "  ", &survey->warnings);
	for (size_t i = 0; i < survey->count; i++)
		print_volume(out, survey, &survey->volumes[i]);
	if (survey->count == 0)
		(void)fprintf(out, "  no partitions\n");
}
