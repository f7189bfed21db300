/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse export`: a decrypted copy of the disk, or of one volume of it. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/progress.h"
#include "crypto/crypto.h"
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

static int set_format(const struct option_given *given, struct err *err)
{
	bool *vhd = given->field;

	*vhd = strcmp(given->value, "vhd") == 0;
	if (*vhd || strcmp(given->value, "raw") == 0)
		return 0;
	return option_bad_choice(given, "raw, vhd", err);
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

/* See export/resume.h. A device has no time: its node's does not change when it is written to. */
static char *describe(const struct opened_disk *disk, const struct export_settings *settings,
		      const struct export_plan *plan)
{
	const struct timespec *changed = &plan->disk.st_mtim;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	(void)fprintf(out, "disk-size %" PRIu64 "\n", disk->file->size);
	if (S_ISREG(plan->disk.st_mode))
		(void)fprintf(out, "disk-changed %" PRIdMAX ".%09ld\n", (intmax_t)changed->tv_sec,
			      changed->tv_nsec);
	(void)fprintf(out, "volumes");
	for (size_t i = 0; i < disk->count; i++)
		describe_volume(out, &disk->volumes[i]);
	(void)fprintf(out, "\nvolume %u\nsize %" PRIu64 "\nformat %s\nsalvage %d\n",
		      settings->volume, plan->source->size, plan->vhd ? "vhd" : "raw",
		      disk->salvage);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* ----------------------------------------------------------------- callbacks */

struct terminal {
	struct progress progress;
	const char *name; /* of OUT, as the user gave it */
	bool to_stdout;	  /* the copy itself: the sum goes to standard error */
};

static void on_begin(void *context, const char *label, uint64_t from)
{
	struct terminal *terminal = context;

	terminal->progress = (struct progress){.from = from, .lines = true};
	progress_start(&terminal->progress, label);
}

static void on_progress(void *context, uint64_t done, uint64_t total)
{
	struct terminal *terminal = context;

	progress_show(&terminal->progress, done, total);
}

static void on_end(void *context)
{
	(void)context;
	progress_end();
}

static bool on_stop(void *context)
{
	(void)context;
	return interrupt_caught() != 0;
}

/* As sha256sum(1) prints it. */
static int on_digest(void *context, const uint8_t *sha256, struct err *err)
{
	const struct terminal *terminal = context;
	FILE *to = terminal->to_stdout ? stderr : stdout;

	for (size_t i = 0; i < CRYPTO_SHA256_SIZE; i++)
		(void)fprintf(to, "%02x", sha256[i]);
	(void)fprintf(to, "  %s\n", terminal->name);
	if (fflush(to) != 0 || ferror(to))
		return err_set(err, ERR_OTHER, EIO, "cannot write to standard output");
	return 0;
}

/* --------------------------------------------------------------- the command */

static int copy(const struct opened_disk *disk, const struct export_settings *settings,
		struct export_plan *plan, struct err *err)
{
	char *identity CLEANUP(free) = describe(disk, settings, plan);
	struct terminal terminal = {.name = plan->path,
				    .to_stdout = plan->output.kind == OUTPUT_STREAM};
	char what[16] = "disk";
	int result;

	if (!identity)
		return err_nomem(err);
	if (settings->volume > 0)
		(void)snprintf(what, sizeof(what), "p%u", settings->volume);
	plan->what = what;
	plan->identity = identity;
	plan->callbacks = (struct export_callbacks){
		.begin = on_begin,
		.progress = on_progress,
		.end = on_end,
		.stop = on_stop,
		.digest = settings->hash ? on_digest : NULL,
		.context = &terminal,
	};
	interrupt_watch(false);
	result = export_run(plan, err);
	interrupt_unwatch();
	return result;
}

static int run(const struct open_request *request, const struct export_settings *settings,
	       const char *out, struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	struct export_plan plan = {
		.path = out,
		.disk_path = request->disk,
		.vhd = settings->vhd,
		.force = settings->force,
		.verify = settings->verify,
		.skip_unreadable = settings->skip_unreadable,
	};
	int result = open_survey(request, &disk, err);

	if (result == 0 && file_status(disk->file, &plan.disk) < 0)
		result = err_set(err, ERR_DISK, EIO, "cannot examine the disk");
	/* before keys are asked for */
	if (result == 0)
		result = export_examine(&plan, err);
	if (result == 0)
		result = open_unlock(disk, request, err);
	if (result < 0)
		return result;
	command_opened(disk);
	result = pick(disk, settings->volume, &plan.source, err);
	return result == 0 ? copy(disk, settings, &plan, err) : result;
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
	/* a reader that exited and a size limit become errors, not signals */
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
