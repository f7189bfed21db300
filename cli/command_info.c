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

struct info_settings {
	bool json;
};

static const struct option_row info_rows[] = {
	OPTION_FLAG("json", struct info_settings, json, "print JSON; adefuse(1) describes it"),
};

static const struct command info = {
	.usage = "Usage: adefuse info [--json] [KEYS] DISK...\n"
		 "Show the partitions of each DISK, their BitLocker state and method, and the key\n"
		 "protectors. No key is needed; with KEYS, info also shows what they open.\n"
		 "A folder means all the disk images in it.\n",
	.examples = "  adefuse info osdisk.vhd\n"
		    "  adefuse info /evidence/\n"
		    "  adefuse info --json /dev/sdc | jq '.volumes[].bitlocker.protectors[]?'\n",
	.rows = info_rows,
	.row_count = sizeof(info_rows) / sizeof(info_rows[0]),
	.arguments = "one DISK or more",
	.least = 1,
	.most = COMMAND_ANY,
};

enum {
	SMALLEST_DISK = 1 << 20, /* bytes; keys and notes lie beside images */
};

struct listing {
	const struct keys *keys;
	struct json_writer *json; /* NULL: text */
	size_t shown;
	int failed; /* exit code of the first disk that could not be read; 0 */
};

static int print_one(const char *path, const struct keys *keys, bool json, struct err *err)
{
	struct open_request request = keys_request(keys, path);
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	/* without KEYS too: a clear key on the disk needs none */
	int result = open_disk(&request, &disk, err);

	if (result == 0 && json) {
		char *text CLEANUP(free) = report_json(disk, false);

		if (!text)
			return err_nomem(err);
		(void)fputs(text, stdout);
	} else if (result == 0) {
		report_text(disk, stdout);
	}
	return result;
}

/* ------------------------------------------------------------------- several */

/* One that cannot be read does not end the listing of the others. */
static void list_one(struct listing *listing, const char *path, bool from_folder)
{
	struct open_request request = keys_request(listing->keys, path);
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	struct err err = {0};
	int result = open_disk(&request, &disk, &err);

	if (result == 0 && from_folder && opened_is_nothing(disk)) {
		log_info("'%s' does not look like a disk image; skipped", path);
		return;
	}
	listing->shown++;
	if (result < 0 && listing->failed == 0)
		listing->failed = command_exit_code(&err);
	if (listing->json && result == 0) {
		report_disks_add(listing->json, disk);
	} else if (listing->json) {
		report_disks_fail(listing->json, path, &err);
	} else if (result == 0) {
		report_text(disk, stdout);
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

	if (count < 0)
		return err_errno(err, ERR_DISK, errno, "cannot list '%s'", folder);
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
static int check_sources(const struct keys *keys, struct err *err)
{
	for (size_t i = 0; i < keys->request.key_count; i++) {
		if (!open_key_reads_once(&keys->list[i]))
			continue;
		err_set(err, ERR_USAGE, EINVAL,
			"with several disks, passwords and keys must come from file:PATH");
		err_hint(err, "use file:PATH: env:, fd: and prompt can be read only once");
		return -EINVAL;
	}
	return 0;
}

static int list_all(struct listing *listing, const struct command_words *words, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < words->count && result == 0; i++) {
		const char *path = words->list[i];

		if (is_folder(path))
			result = list_folder(listing, path, err);
		else
			list_one(listing, path, false);
	}
	return result;
}

static int print_several(const struct command_words *words, const struct keys *keys, bool json,
			 int *ret_failed, struct err *err)
{
	struct listing listing = {.keys = keys};
	char *text CLEANUP(free) = NULL;
	int result = check_sources(keys, err);

	if (result == 0 && json) {
		listing.json = report_disks_new();
		result = listing.json ? 0 : err_nomem(err);
	}
	if (result == 0)
		result = list_all(&listing, words, err);
	*ret_failed = listing.failed;
	if (listing.json) {
		json_write_end(listing.json);
		text = json_write_finish(listing.json);
	}
	if (result < 0)
		return result;
	if (json && !text)
		return err_nomem(err);
	if (json)
		(void)fputs(text, stdout);
	else if (listing.shown == 0)
		(void)fputs("no disk images\n", stdout);
	return 0;
}

int command_info(int argc, char **argv)
{
	struct info_settings settings = {0};
	struct keys keys = {0};
	struct command_words words;
	struct err err = {0};
	int exit_code = 0;
	int result;

	if (!command_begin(&info, argc, argv, &settings, &keys, &words, &exit_code))
		return exit_code;
	if (words.count == 1 && !is_folder(words.list[0]))
		result = print_one(words.list[0], &keys, settings.json, &err);
	else
		result = print_several(&words, &keys, settings.json, &exit_code, &err);
	if (result == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		result = err_set(&err, ERR_OTHER, EIO, "cannot write to standard output");
	return result < 0 ? command_fail(&err) : exit_code;
}
