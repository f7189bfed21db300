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

struct export_settings {
	unsigned int volume; /* 0: the whole disk */
	bool vhd;
	bool verify;
	bool hash;
	bool skip_unreadable;
	bool force;
};

static int set_format(const struct option_command *command, const struct option_row *row,
		      void *field, const char *value, struct err *err)
{
	bool *vhd = field;

	(void)command;
	*vhd = strcmp(value, "vhd") == 0;
	return *vhd || strcmp(value, "raw") == 0 ? 0
						 : option_bad_choice(row, value, "raw, vhd", err);
}

static const struct option_row export_rows[] = {
	OPTION_NUMBER("volume", struct export_settings, volume, 1, UINT32_MAX,
		      "copy only the partition with this number"),
	OPTION_VALUE("format", "raw|vhd", set_format, struct export_settings, vhd,
		     "raw (the default), or vhd: a fixed VHD, for Azure"),
	OPTION_FLAG(
		"verify", struct export_settings, verify,
		"read OUT back from the medium and compare it; the\nexit code is 10 when it differs"),
	OPTION_FLAG("hash", struct export_settings, hash,
		    "print the SHA-256 of OUT, as sha256sum does"),
	OPTION_FLAG("skip-unreadable", struct export_settings, skip_unreadable,
		    "write zeros where the disk cannot be read, and list\nthese places in "
		    "OUT.unreadable"),
	OPTION_FLAG("force", struct export_settings, force,
		    "overwrite what OUT holds, and start again"),
};

static const struct command export_command = {
	.usage =
		"Usage: adefuse export [KEYS] [--volume N] [--format raw|vhd] [--verify] [--hash]\n"
		"                      [--skip-unreadable] [--force] DISK OUT\n"
		"Write a decrypted copy of DISK, or of one volume, to OUT: a file (zeros become\n"
		"holes), a block device, or - for standard output. To continue after an\n"
		"interruption, run the same command again.\n",
	.examples = "  adefuse export --vault contoso-kv osdisk.vhd plain.raw\n"
		    "  adefuse export --bek /media/usb --volume 3 --format vhd osdisk.vhd c.vhd\n"
		    "  adefuse export --vault contoso-kv osdisk.vhd - | zstd >plain.raw.zst\n",
	.rows = export_rows,
	.row_count = sizeof(export_rows) / sizeof(export_rows[0]),
	.arguments = "a DISK and an OUT",
	.least = 2,
	.most = 2,
};

/* ----------------------------------------------------------- what is copied */

static int pick_volume(const struct opened_volume *volume, struct source **ret_source,
		       struct err *err)
{
	if (volume->plain) {
		*ret_source = volume->plain;
		return 0;
	}
	*err = volume->reason;
	if (err->kind == ERR_NONE)
		err_set(err, ERR_KEY, ENOKEY, "locked");
	err_prefix(err, "p%u", volume->partition->number);
	return -ENOKEY;
}

static int pick_disk(const struct opened_disk *disk, struct source **ret_source, struct err *err)
{
	int result = open_verdict(disk, err);

	if (result < 0)
		return result;
	if (!disk->plain) {
		err_set(err, ERR_DISK, EINVAL,
			"unlocked volumes overlap on the disk, so some bytes belong to more than "
			"one of them");
		err_hint(err, "copy them one by one: --volume N");
		return -EINVAL;
	}
	for (size_t i = 0; i < disk->count; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		if (!volume->plain)
			log_warning("p%u is copied as it is on the disk: %s",
				    volume->partition->number, volume->reason.message);
	}
	*ret_source = disk->plain;
	return 0;
}

/* What is copied. It belongs to the disk. open_unlock() has seen that the volume is there. */
static int pick(const struct opened_disk *disk, unsigned int number, struct source **ret_source,
		struct err *err)
{
	const struct opened_volume *volume = opened_find(disk, number);

	return volume ? pick_volume(volume, ret_source, err) : pick_disk(disk, ret_source, err);
}

/* --------------------------------------------- what makes it the same export */

static void describe_volume(FILE *out, const struct opened_volume *volume)
{
	const struct bde_info *info = volume->metadata ? bde_metadata_info(volume->metadata) : NULL;

	(void)fprintf(out, " p%u:%" PRIu64 "+%" PRIu64 ":%s:%s", volume->partition->number,
		      volume->partition->offset, volume->partition->size, volume->content,
		      volume->plain ? "open" : "locked");
	if (info)
		(void)fprintf(out, ":%s", guid_format(&info->volume_id).text);
}

/* A device's own time does not tell when it was written to; see export/resume.h. */
static char *describe(const struct opened_disk *disk, const struct export_settings *settings,
		      const struct source *source, const struct stat *status)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	(void)fprintf(out, "disk-size %" PRIu64 "\n", disk->file->size);
	if (S_ISREG(status->st_mode))
		(void)fprintf(out, "disk-changed %lld.%09ld\n", (long long)status->st_mtim.tv_sec,
			      status->st_mtim.tv_nsec);
	(void)fprintf(out, "volumes");
	for (size_t i = 0; i < disk->count; i++)
		describe_volume(out, &disk->volumes[i]);
	(void)fprintf(out, "\nvolume %u\nsize %" PRIu64 "\nformat %s\nsalvage %d\n",
		      settings->volume, source->size, settings->vhd ? "vhd" : "raw", disk->salvage);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* --------------------------------------------------------------- the command */

static int check_settings(const struct export_settings *settings, const struct output *output,
			  struct err *err)
{
	if (settings->verify && output->kind == OUTPUT_STREAM) {
		err_set(err, ERR_USAGE, EINVAL, "--verify cannot read back a stream");
		err_hint(err, "use --hash instead: it prints the SHA-256 of what was written");
		return -EINVAL;
	}
	if (settings->vhd && output->kind == OUTPUT_DEVICE) {
		err_set(err, ERR_USAGE, EINVAL,
			"--format vhd needs a file: a VHD footer is lost on a block device");
		err_hint(err, "leave out --format vhd");
		return -EINVAL;
	}
	return 0;
}

static int copy(const struct opened_disk *disk, const struct export_settings *settings,
		const char *out, struct source *source, struct output *output, struct err *err)
{
	char *identity CLEANUP(free) = describe(disk, settings, source, &output->disk);
	char what[16] = "disk";
	struct export_plan plan = {
		.source = source,
		.what = what,
		.identity = identity,
		.output = output,
		.name = out,
		.vhd = settings->vhd,
		.force = settings->force,
		.verify = settings->verify,
		.hash = settings->hash,
		.skip_unreadable = settings->skip_unreadable,
	};
	int result;

	if (!identity)
		return err_nomem(err);
	if (settings->volume > 0)
		(void)snprintf(what, sizeof(what), "p%u", settings->volume);
	interrupt_watch(false);
	result = export_run(&plan, err);
	interrupt_unwatch();
	return result;
}

static int run(const struct open_request *request, const struct export_settings *settings,
	       const char *out, struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	struct source *source = NULL;
	struct output output = {.fd = -1};
	struct stat status;
	int result = open_survey(request, &disk, err);

	if (result == 0 && file_status(disk->file, &status) < 0)
		result = err_set(err, ERR_DISK, EIO, "cannot examine the disk");
	/* before keys are asked for */
	if (result == 0)
		result = output_examine(out, request->disk, &status, &output, err);
	if (result == 0)
		result = check_settings(settings, &output, err);
	if (result == 0)
		result = open_unlock(disk, request, err);
	if (result < 0)
		return result;
	command_opened(disk);
	result = pick(disk, settings->volume, &source, err);
	return result == 0 ? copy(disk, settings, out, source, &output, err) : result;
}

int command_export(int argc, char **argv)
{
	struct export_settings settings = {0};
	struct keys keys = {0};
	struct command_words words;
	struct open_request request;
	struct err err = {0};
	int exit_code;
	int result;

	if (!command_begin(&export_command, argc, argv, &settings, &keys, &words, &exit_code))
		return exit_code;
	/* a reader that is gone and a limit that is reached are errors to be told */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	request = keys_request(&keys, words.list[0]);
	request.volume = settings.volume;
	result = run(&request, &settings, words.list[1], &err);
	if (result == -EINTR && err.kind == ERR_NONE) {
		interrupt_pass_on();
		return ERR_OTHER;
	}
	return result < 0 ? command_fail(&err) : 0;
}
