/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `adefuse info`: what is on a disk, on several, or on those of a whole folder, as far as it can be
 * told without a key, or with the keys given.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/report.h"
#include "net/json_write.h"
#include "open/unlock.h"

static void print_help(void)
{
	(void)fputs("Usage: adefuse info [--json] [KEYS] DISK...\n"
		    "Show partitions, BitLocker state, method and key protectors. Needs no key. A\n"
		    "folder stands for the disk images in it.\n\n"
		    "  --json                   for scripts; the schema is in adefuse(1)\n\n"
		    "  adefuse info osdisk.vhd\n"
		    "  adefuse info --json /dev/sdc | jq '.volumes[].bitlocker.protectors'\n"
		    "  adefuse info /evidence/\n",
		    stdout);
	command_print_keys_help();
}

enum {
	SMALLEST_DISK = 1 << 20, /* bytes; keys and notes lie beside images */
};

struct listing {
	const struct options *options;
	struct json_writer *json; /* NULL: text */
	size_t shown;
	int failed; /* exit code of the first disk that could not be read; 0 */
};

static int open_survey(const char *path, const struct options *options, struct survey **ret_survey,
		       struct err *err)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	int result = survey_open(path, options_bde_flags(options), &survey, err);

	/* without KEYS too: a clear key on the disk needs none */
	if (result == 0)
		result = unlock_survey(survey, options, err);
	if (result == 0)
		*ret_survey = TAKE(survey);
	return result;
}

static int print_one(const char *path, const struct options *options, struct err *err)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	int result = open_survey(path, options, &survey, err);

	if (result == 0 && options->json) {
		char *json CLEANUP(free) = report_json(survey, false);

		if (!json)
			return err_nomem(err);
		(void)fputs(json, stdout);
	} else if (result == 0) {
		report_text(survey, stdout);
	}
	return result;
}

/* ------------------------------------------------------------------- several */

/* One that cannot be read does not end the listing of the others. */
static void list_one(struct listing *listing, const char *path, bool from_folder)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	struct err err = {0};
	int result = open_survey(path, listing->options, &survey, &err);

	if (result == 0 && from_folder && survey_is_nothing(survey)) {
		log_info("'%s' is no disk image as far as can be told; left out", path);
		return;
	}
	listing->shown++;
	if (result < 0 && listing->failed == 0)
		listing->failed = err.kind == ERR_NONE ? ERR_OTHER : (int)err.kind;
	if (listing->json && result == 0) {
		report_disks_add(listing->json, survey);
	} else if (listing->json) {
		report_disks_fail(listing->json, path, &err);
	} else if (result == 0) {
		report_text(survey, stdout);
	} else {
		(void)fflush(stdout);
		err_prefix(&err, "'%s'", path);
		log_err(&err);
	}
}

static int is_no_dot(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The files of a folder by name; folders within are left alone. */
static int list_folder(struct listing *listing, const char *folder, struct err *err)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_no_dot, alphasort);

	if (count < 0) {
		int error = errno;

		return err_set(err, ERR_DISK, error, "cannot list '%s': %s", folder,
			       strerror(error));
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		struct stat st;
		bool slash = folder[strlen(folder) - 1] == '/';
		int length = snprintf(path, sizeof(path), "%s%s%s", folder, slash ? "" : "/",
				      entries[i]->d_name);

		if (length > 0 && (size_t)length < sizeof(path) && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode) && st.st_size >= SMALLEST_DISK)
			list_one(listing, path, true);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A secret that can be read once only cannot be tried on disk after disk. */
static int check_sources(const struct options *options, struct err *err)
{
	for (size_t i = 0; i < options->key_count; i++) {
		const struct key_option *key = &options->keys[i];

		bool once = key->kind == KEY_PASSWORD || key->kind == KEY_RECOVERY_PASSWORD ||
			    key->kind == KEY_VMK || key->kind == KEY_FVEK;

		if (!once || strncmp(key->value, "file:", 5) == 0)
			continue;
		err_set(err, ERR_USAGE, EINVAL,
			"for several disks a password or key has to come from file:PATH");
		err_hint(err, "env:, fd: and prompt are read once");
		return -EINVAL;
	}
	return 0;
}

static int print_several(const struct options *options, int *ret_failed, struct err *err)
{
	struct listing listing = {.options = options};
	int result = check_sources(options, err);

	if (result == 0 && options->json) {
		listing.json = report_disks_new();
		result = listing.json ? 0 : err_nomem(err);
	}
	for (size_t i = 0; i < options->argument_count && result == 0; i++) {
		const char *path = options->arguments[i];

		if (is_folder(path))
			result = list_folder(&listing, path, err);
		else
			list_one(&listing, path, false);
	}
	if (listing.json) {
		char *json CLEANUP(free) = NULL;

		json_write_end(listing.json);
		json = json_write_finish(listing.json);
		if (!json && result == 0)
			result = err_nomem(err);
		else if (json && result == 0)
			(void)fputs(json, stdout);
	} else if (result == 0 && listing.shown == 0) {
		(void)fputs("no disk images\n", stdout);
	}
	*ret_failed = listing.failed;
	return result;
}

int command_info(int argc, char **argv)
{
	struct options options;
	struct err err = {0};
	int failed = 0;
	int result = command_options(argc, argv, COMMAND_JSON, COMMAND_ANY, "one DISK or more",
				     print_help, &options);

	if (result > 0)
		return result - 1;
	if (options.argument_count == 1 && !is_folder(options.arguments[0]))
		result = print_one(options.arguments[0], &options, &err);
	else
		result = print_several(&options, &failed, &err);
	options_clear(&options);
	if (result == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		result = err_set(&err, ERR_OTHER, EIO, "standard output cannot be written");
	return result < 0 ? command_fail(&err) : failed;
}
