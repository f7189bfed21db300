/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse key`: write the BEK files that open a disk, named as Windows names them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/smallfile.h"
#include "cli/command.h"
#include "cli/key_table.h"

struct key_settings {
	const char *out;
	bool force;
	bool dry_run;
	bool json;
};

static const struct option_row key_rows[] = {
	OPTION_VALUE("out", "DIR", option_text, struct key_settings, out,
		     "write to this directory; default: the current one"),
	OPTION_FLAG("force", struct key_settings, force, "replace files that exist"),
	OPTION_FLAG(
		"dry-run", struct key_settings, dry_run,
		"only print what would be fetched; fetch no secret,\nunwrap nothing, write nothing"),
	OPTION_FLAG("json", struct key_settings, json, "print the table as JSON"),
};

static const struct command key = {
	.usage = "Usage: adefuse key [KEYS] [--out DIR] [--force] [--dry-run] [--json] DISK\n"
		 "Write the BEK file that opens each volume, with mode 0600, and print a table\n"
		 "that says where each one came from.\n",
	.examples = "  adefuse key --vault contoso-kv --dry-run osdisk.vhd\n"
		    "  adefuse key --vault contoso-kv --out keys/ osdisk.vhd\n",
	.rows = key_rows,
	.row_count = sizeof(key_rows) / sizeof(key_rows[0]),
	.arguments = "one DISK",
	.least = 1,
	.most = 1,
};

/*
 * Written under another name and moved into place, so that a half-written key never carries the
 * name of a whole one. link() instead of rename() refuses a name that is taken.
 */
static int write_file(int directory, const char *name, const struct secret *bek, bool force)
{
	char temporary[96];
	int result;
	int fd;

	(void)snprintf(temporary, sizeof(temporary), ".%s.%ld", name, (long)getpid());
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return -errno;
	result = smallfile_write_fd(fd, secret_bytes(bek), secret_size(bek));
	if (close(fd) != 0 && result == 0)
		result = -errno;
	if (result == 0 && force)
		result = renameat(directory, temporary, directory, name) == 0 ? 0 : -errno;
	else if (result == 0)
		result = linkat(directory, temporary, directory, name, 0) == 0 ? 0 : -errno;
	if (result < 0 || !force)
		(void)unlinkat(directory, temporary, 0);
	return result;
}

/* "DIR/<GUID>.BEK", as Windows names it; malloc'ed. */
static char *path_of(const struct key_settings *settings, const struct guid *id)
{
	char *path;

	if (asprintf(&path, "%s/%s.BEK", settings->out ? settings->out : ".",
		     guid_format(id).text) < 0)
		return NULL;
	return path;
}

static int write_bek(const struct opened_volume *volume, int directory, const char *path,
		     bool force, struct err *err)
{
	char name[GUID_TEXT_SIZE + 8];
	int result;

	(void)snprintf(name, sizeof(name), "%s.BEK", guid_format(&volume->protector->id).text);
	result = write_file(directory, name, volume->bek, force);
	if (result < 0) {
		err_errno(err, ERR_OTHER, -result, "cannot write '%s'", path);
		if (result == -EEXIST)
			err_hint(err, "the file was not changed; use --force to replace it");
	}
	return result;
}

/* Write one volume's BEK and note it in the table. */
static int write_volume(const struct opened_volume *volume, const struct key_settings *settings,
			int directory, struct key_table *table, struct err *err)
{
	char *path CLEANUP(free) = path_of(settings, &volume->protector->id);
	struct key_row *row;
	int result;

	if (!path)
		return err_nomem(err);
	result = write_bek(volume, directory, path, settings->force, err);
	if (result < 0)
		return result;
	row = key_table_add(table);
	if (!row)
		return err_nomem(err);
	row->volume = volume->partition->number;
	row->has_id = true;
	row->id = volume->protector->id;
	row->origin = &volume->origin;
	row->source = volume->origin.secret_url ? NULL : volume->key_what;
	row->file = TAKE(path);
	return 0;
}

/* What another kind of key opened has no BEK. */
static void say_no_bek(const struct opened_volume *volume)
{
	unsigned int number = volume->partition->number;

	if (volume->key_what)
		log_warning("p%u: no BEK: opened by %s", number, volume->key_what);
	else if (volume->plain)
		log_warning("p%u: no BEK: the volume is not encrypted", number);
	else
		log_warning("p%u: no BEK: %s", number,
			    volume->reason.message[0] ? volume->reason.message : "locked");
}

static int open_directory(const char *out, struct err *err)
{
	int directory = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (directory >= 0)
		return directory;
	result = err_errno(err, ERR_USAGE, errno, "cannot write to '%s'", out);
	err_hint(err, "--out must name an existing directory that you can write to");
	return result;
}

static bool has_bitlocker(const struct opened_disk *disk)
{
	for (size_t i = 0; i < disk->count; i++) {
		if (opened_is_bitlocker(&disk->volumes[i]))
			return true;
	}
	return false;
}

/* There is nothing to write: why. */
static int nothing_written(const struct opened_disk *disk, struct err *err)
{
	if (!has_bitlocker(disk)) {
		err_set(err, ERR_KEY, ENOKEY, "no volume on this disk is encrypted with BitLocker");
		err_hint(err, "mount it without a key: adefuse mount DISK MOUNTPOINT");
		return -ENOKEY;
	}
	err_set(err, ERR_KEY, ENOKEY, "no volume of this disk was opened by a BEK");
	err_hint(err,
		 "give --vault NAME or --secret URL; 'adefuse info DISK' shows the protectors");
	return -ENOKEY;
}

/* Write each volume's BEK. */
static int write_beks(const struct opened_disk *disk, const struct key_settings *settings,
		      struct key_table *table, struct err *err)
{
	int directory = open_directory(settings->out ? settings->out : ".", err);
	int result = 0;

	if (directory < 0)
		return directory;
	for (size_t i = 0; i < disk->count && result == 0; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		if (volume->bek)
			result = write_volume(volume, settings, directory, table, err);
		else if (opened_is_bitlocker(volume))
			say_no_bek(volume);
	}
	(void)close(directory);
	return result == 0 && table->count == 0 ? nothing_written(disk, err) : result;
}

static int print_table(const struct key_table *table, const char *disk, bool as_json,
		       struct err *err)
{
	int result = 0;

	if (as_json) {
		char *json CLEANUP(free) = key_table_json(table, disk);

		if (!json)
			return err_nomem(err);
		(void)fputs(json, stdout);
	} else if (table->count > 0) {
		result = key_table_print(table, stdout);
	}
	if (result < 0)
		return err_nomem(err);
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, ERR_OTHER, EIO, "cannot write to standard output");
	return 0;
}

/* Files and passwords are tried; vaults are asked for names, versions and tags alone. */
static int preview_table(const struct opened_disk *disk, const struct open_plan *plan,
			 const struct key_settings *settings, struct key_table *table,
			 struct err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct open_plan_row *planned = &plan->rows[i];
		struct key_row *row = key_table_add(table);

		if (!row)
			return err_nomem(err);
		row->volume = planned->volume;
		row->has_id = planned->has_id;
		row->id = planned->id;
		row->origin = &planned->origin;
		row->file = planned->has_id ? path_of(settings, &planned->id) : NULL;
		if (planned->has_id && !row->file)
			return err_nomem(err);
	}
	for (size_t i = 0; i < disk->count; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		if (!opened_is_bitlocker(volume) || open_plan_has(plan, volume->partition->number))
			continue;
		if (volume->bek)
			log_warning("p%u: nothing to fetch: opened by %s",
				    volume->partition->number, volume->key_what);
		else
			say_no_bek(volume);
	}
	return 0;
}

static int preview(const struct open_request *request, const struct key_settings *settings,
		   struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	struct open_plan plan CLEANUP(open_plan_clear) = {0};
	struct key_table table CLEANUP(key_table_clear) = {.dry_run = true};
	int result = open_survey(request, &disk, err);

	if (result == 0)
		result = open_preview(disk, request, &plan, err);
	if (result < 0)
		return result;
	command_opened(disk);
	if (plan.count == 0)
		result = open_verdict(disk, err);
	if (result == 0)
		result = preview_table(disk, &plan, settings, &table, err);
	return result == 0 ? print_table(&table, disk->path, settings->json, err) : result;
}

static int fetch_and_write(const struct open_request *request, const struct key_settings *settings,
			   struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	struct key_table table CLEANUP(key_table_clear) = {0};
	struct err printing = {0};
	int result = open_disk(request, &disk, err);

	if (result < 0)
		return result;
	command_opened(disk);
	result = open_verdict(disk, err);
	if (result < 0)
		return result;
	result = write_beks(disk, settings, &table, err);
	/* also when a later file could not be written: those in the table are there */
	if (print_table(&table, disk->path, settings->json, &printing) < 0 && result == 0) {
		*err = printing;
		result = -EIO;
	}
	return result;
}

int command_key(int argc, char **argv)
{
	struct key_settings settings = {0};
	struct keys keys = {0};
	struct command_words words;
	struct open_request request;
	struct err err = {0};
	int exit_code;
	int result;

	if (!command_begin(&key, argc, argv, &settings, &keys, &words, &exit_code))
		return exit_code;
	request = keys_request(&keys, words.list[0]);
	result = settings.dry_run ? preview(&request, &settings, &err)
				  : fetch_and_write(&request, &settings, &err);
	return result < 0 ? command_fail(&err) : 0;
}
