/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse export`: a decrypted copy of the disk, or of one volume of it. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "disk/file.h"
#include "export/export.h"
#include "open/plaindisk.h"
#include "open/unlock.h"

static void print_help(void)
{
	(void)fputs(
		"Usage: adefuse export [KEYS] [--volume N] [--format raw|vhd] [--verify] [--hash] DISK OUT\n"
		"Write a decrypted copy of DISK, or of one volume, to OUT: a file, whose zeros are left as\n"
		"holes, a block device, or - for standard output. Interrupted, the same command goes on.\n\n"
		"  --volume N               this partition alone\n"
		"  --format raw|vhd         vhd: a fixed VHD, for Azure and Hyper-V (raw)\n"
		"  --verify                 read OUT back from the medium and compare; exit code 10\n"
		"  --hash                   print SHA-256 of OUT, as sha256sum does\n"
		"  --skip-unreadable        zeros where the disk cannot be read, listed in OUT.unreadable\n"
		"  --force                  overwrite what is there; start anew\n\n"
		"  adefuse export --vault contoso-kv osdisk.vhd plain.raw\n"
		"  adefuse export --bek /media/usb --volume 2 --format vhd --verify osdisk.vhd c.vhd\n"
		"  adefuse export --vault contoso-kv osdisk.vhd - | zstd >plain.raw.zst\n",
		stdout);
	command_print_keys_help();
}

/* ----------------------------------------------------------- what is copied */

static const struct survey_volume *find_volume(const struct survey *survey, unsigned int number)
{
	for (size_t i = 0; i < survey->count; i++) {
		if (survey->volumes[i].partition->number == number)
			return &survey->volumes[i];
	}
	return NULL;
}

static int pick_volume(const struct survey *survey, unsigned int number, struct source **ret_source,
		       struct err *err)
{
	const struct survey_volume *volume = find_volume(survey, number);

	if (volume->plain) {
		*ret_source = source_ref(volume->plain);
		return 0;
	}
	*err = volume->reason;
	if (err->kind == ERR_NONE)
		err_set(err, ERR_KEY, ENOKEY, "locked");
	err_prefix(err, "p%u", number);
	return -ENOKEY;
}

static int pick_disk(const struct survey *survey, struct source **ret_source, struct err *err)
{
	int result = unlock_verdict(survey, err);

	if (result == 0)
		result = plain_disk_new(survey, ret_source, err);
	if (result < 0)
		return result;
	if (!*ret_source) {
		err_set(err, ERR_DISK, EINVAL,
			"unlocked volumes overlap on the disk: which of "
			"them a byte belongs to is not known");
		err_hint(err, "copy them one by one: --volume N");
		return -EINVAL;
	}
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		if (!volume->plain)
			log_warning("p%u is copied as it is on the disk: %s",
				    volume->partition->number, volume->reason.message);
	}
	return 0;
}

/* --------------------------------------------- what makes it the same export */

static void describe_volume(FILE *out, const struct survey_volume *volume)
{
	const struct bde_info *info = volume->metadata ? bde_metadata_info(volume->metadata) : NULL;

	(void)fprintf(out, " p%u:%" PRIu64 "+%" PRIu64 ":%s:%s", volume->partition->number,
		      volume->partition->offset, volume->partition->size, volume->content,
		      volume->plain ? "open" : "locked");
	if (info)
		(void)fprintf(out, ":%s", guid_format(&info->volume_id).text);
}

/* A device's own time does not tell when it was written to; see export/resume.h. */
static char *describe(const struct survey *survey, const struct options *options,
		      const struct source *source, const struct stat *disk)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	(void)fprintf(out, "disk-size %" PRIu64 "\n", survey->file->size);
	if (S_ISREG(disk->st_mode))
		(void)fprintf(out, "disk-changed %lld.%09ld\n", (long long)disk->st_mtim.tv_sec,
			      disk->st_mtim.tv_nsec);
	(void)fprintf(out, "volumes");
	for (size_t i = 0; i < survey->count; i++)
		describe_volume(out, &survey->volumes[i]);
	(void)fprintf(out, "\nvolume %u\nsize %" PRIu64 "\nformat %s\nsalvage %d\n",
		      options->volume, source->size, options->vhd ? "vhd" : "raw",
		      options->salvage);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* --------------------------------------------------------------- the command */

static int check_options(const struct options *options, const struct output *output,
			 struct err *err)
{
	if (options->verify && output->kind == OUTPUT_STREAM) {
		err_set(err, ERR_USAGE, EINVAL,
			"--verify reads back what was written, which a "
			"stream does not allow");
		err_hint(err, "--hash prints its SHA-256 instead");
		return -EINVAL;
	}
	if (options->vhd && output->kind == OUTPUT_DEVICE) {
		err_set(err, ERR_USAGE, EINVAL,
			"a VHD is a file: its footer would be lost on a "
			"block device");
		err_hint(err, "leave --format vhd out");
		return -EINVAL;
	}
	return 0;
}

static int copy(const struct survey *survey, const struct options *options, struct source *source,
		struct output *output, struct err *err)
{
	char *identity CLEANUP(free) = describe(survey, options, source, &output->disk);
	char what[16] = "disk";
	struct export_plan plan = {
		.source = source,
		.what = what,
		.identity = identity,
		.output = output,
		.name = options->arguments[1],
		.vhd = options->vhd,
		.force = options->force,
		.verify = options->verify,
		.hash = options->hash,
		.skip_unreadable = options->skip_unreadable,
	};
	int result;

	if (!identity)
		return err_nomem(err);
	if (options->volume > 0)
		(void)snprintf(what, sizeof(what), "p%u", options->volume);
	interrupt_watch(false);
	result = export_run(&plan, err);
	interrupt_unwatch();
	return result;
}

static int run(const struct options *options, struct err *err)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	struct source *source CLEANUP(source_unref) = NULL;
	struct output output = {.fd = -1};
	struct stat disk;
	int result = survey_open(options->arguments[0], options_bde_flags(options), &survey, err);

	if (result == 0 && file_status(survey->file, &disk) < 0)
		result = err_set(err, ERR_DISK, EIO, "cannot examine the disk");
	/* before keys are asked for */
	if (result == 0)
		result = output_examine(options->arguments[1], options->arguments[0], &disk,
					&output, err);
	if (result == 0)
		result = check_options(options, &output, err);
	if (result == 0)
		result = unlock_survey(survey, options, err);
	if (result < 0)
		return result;
	survey_log_warnings(survey);
	result = options->volume > 0 ? pick_volume(survey, options->volume, &source, err)
				     : pick_disk(survey, &source, err);
	return result == 0 ? copy(survey, options, source, &output, err) : result;
}

int command_export(int argc, char **argv)
{
	struct options options;
	struct err err = {0};
	int result = command_options(argc, argv, COMMAND_EXPORT, 2, "a DISK and an OUT", print_help,
				     &options);

	if (result > 0)
		return result - 1;
	/* a reader that is gone and a limit that is reached are errors to be told */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	result = run(&options, &err);
	options_clear(&options);
	if (result == -EINTR && err.kind == ERR_NONE) {
		interrupt_pass_on();
		return ERR_OTHER;
	}
	return result < 0 ? command_fail(&err) : 0;
}
