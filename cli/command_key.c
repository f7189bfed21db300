/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse key`: write the BEK files that open a disk, named as Windows names them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/keytable.h"
#include "open/unlock.h"

static void print_help(void)
{
	(void)fputs(
		"Usage: adefuse key [KEYS] [--out DIR] DISK\n"
		"Write the BEK files that open this disk, one a volume, readable by their owner only,\n"
		"and print where each came from.\n\n"
		"  --out DIR                where to (the current directory)\n"
		"  --force                  replace a file that is there\n"
		"  --dry-run                print what would be fetched; fetch, unwrap and write nothing\n"
		"  --json                   print it for scripts\n\n"
		"  adefuse key --vault contoso-kv --out keys/ osdisk.vhd\n",
		stdout);
	command_print_keys_help();
}

static int write_all(int fd, const struct secret *bek)
{
	size_t done = 0;

	while (done < secret_size(bek)) {
		ssize_t wrote = write(fd, secret_bytes(bek) + done, secret_size(bek) - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -errno;
		done += (size_t)wrote;
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

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
	result = write_all(fd, bek);
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
static char *path_of(const struct options *options, const struct guid *id)
{
	char *path;

	if (asprintf(&path, "%s/%s.BEK", options->out ? options->out : ".", guid_format(id).text) <
	    0)
		return NULL;
	return path;
}

static int write_bek(const struct survey_volume *volume, int directory, const char *path,
		     bool force, struct err *err)
{
	char name[GUID_TEXT_SIZE + 8];
	int result;

	(void)snprintf(name, sizeof(name), "%s.BEK", guid_format(&volume->protector->id).text);
	result = write_file(directory, name, volume->bek, force);
	if (result < 0) {
		err_set(err, ERR_OTHER, -result, "cannot write '%s': %s", path, strerror(-result));
		if (result == -EEXIST)
			err_hint(err, "it is left as it is; --force replaces it");
	}
	return result;
}

/* Write one volume's BEK and note it in the table. */
static int write_volume(const struct survey_volume *volume, const struct options *options,
			int directory, struct key_table *table, struct err *err)
{
	char *path CLEANUP(free) = path_of(options, &volume->protector->id);
	struct key_row *row;
	int result;

	if (!path)
		return err_nomem(err);
	result = write_bek(volume, directory, path, options->force, err);
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
static void say_no_bek(const struct survey_volume *volume)
{
	log_warning("p%u: no BEK: %s%s", volume->partition->number,
		    volume->plain ? "opened by " : "",
		    volume->key_what		? volume->key_what
		    : volume->plain		? "no key, it is not encrypted"
		    : volume->reason.message[0] ? volume->reason.message
						: "locked");
}

static int open_directory(const char *out, struct err *err)
{
	int directory = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = errno;

	if (directory >= 0)
		return directory;
	err_set(err, ERR_USAGE, error, "cannot write to '%s': %s", out, strerror(error));
	err_hint(err, "--out names a directory that exists");
	return -error;
}

static bool has_bitlocker(const struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		if (survey_is_bitlocker(&survey->volumes[i]))
			return true;
	}
	return false;
}

/* There is nothing to write: why. */
static int nothing_written(const struct survey *survey, struct err *err)
{
	if (!has_bitlocker(survey)) {
		err_set(err, ERR_KEY, ENOKEY, "no volume of this disk has BitLocker");
		err_hint(err, "it can be read without a key: adefuse mount DISK MOUNTPOINT");
		return -ENOKEY;
	}
	err_set(err, ERR_KEY, ENOKEY, "no volume of this disk was opened by a BEK");
	err_hint(err,
		 "give --vault NAME or --secret URL; 'adefuse info DISK' shows the protectors");
	return -ENOKEY;
}

/* Write each volume's BEK. */
static int write_beks(const struct survey *survey, const struct options *options,
		      struct key_table *table, struct err *err)
{
	int directory = open_directory(options->out ? options->out : ".", err);
	int result = 0;

	if (directory < 0)
		return directory;
	for (size_t i = 0; i < survey->count && result == 0; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		if (volume->bek)
			result = write_volume(volume, options, directory, table, err);
		else if (survey_is_bitlocker(volume))
			say_no_bek(volume);
	}
	(void)close(directory);
	return result == 0 && table->count == 0 ? nothing_written(survey, err) : result;
}

static int print_table(const struct key_table *table, const struct options *options,
		       struct err *err)
{
	int result = 0;

	if (options->json) {
		char *json CLEANUP(free) = key_table_json(table, options->arguments[0]);

		if (!json)
			return err_nomem(err);
		(void)fputs(json, stdout);
	} else if (table->count > 0) {
		result = key_table_print(table, stdout);
	}
	if (result < 0)
		return err_nomem(err);
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_set(err, ERR_OTHER, EIO, "standard output cannot be written");
	return 0;
}

/* What files and passwords open is opened; of vaults only what is told without a value. */
static int preview_table(const struct survey *survey, const struct unlock_plan *plan,
			 const struct options *options, struct key_table *table, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct unlock_row *planned = &plan->rows[i];
		struct key_row *row = key_table_add(table);

		if (!row)
			return err_nomem(err);
		row->volume = planned->volume;
		row->has_id = planned->has_id;
		row->id = planned->id;
		row->origin = &planned->origin;
		row->file = planned->has_id ? path_of(options, &planned->id) : NULL;
		if (planned->has_id && !row->file)
			return err_nomem(err);
	}
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		if (!survey_is_bitlocker(volume) ||
		    unlock_plan_has(plan, volume->partition->number))
			continue;
		if (volume->bek)
			log_warning("p%u: nothing to fetch: opened by %s",
				    volume->partition->number, volume->key_what);
		else
			say_no_bek(volume);
	}
	return 0;
}

static int preview(struct survey *survey, const struct options *options, struct err *err)
{
	struct unlock_plan plan CLEANUP(unlock_plan_clear) = {0};
	struct key_table table CLEANUP(key_table_clear) = {.dry_run = true};
	int result = unlock_preview(survey, options, &plan, err);

	if (result < 0)
		return result;
	survey_log_warnings(survey);
	if (plan.count == 0)
		result = unlock_verdict(survey, err);
	if (result == 0)
		result = preview_table(survey, &plan, options, &table, err);
	return result == 0 ? print_table(&table, options, err) : result;
}

static int fetch_and_write(struct survey *survey, const struct options *options, struct err *err)
{
	struct key_table table CLEANUP(key_table_clear) = {0};
	struct err printing = {0};
	int result = unlock_survey(survey, options, err);

	if (result < 0)
		return result;
	survey_log_warnings(survey);
	result = unlock_verdict(survey, err);
	if (result < 0)
		return result;
	result = write_beks(survey, options, &table, err);
	/* also when a later file could not be written: those in the table are there */
	if (print_table(&table, options, &printing) < 0 && result == 0) {
		*err = printing;
		result = -EIO;
	}
	return result;
}

int command_key(int argc, char **argv)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	struct options options;
	struct err err = {0};
	int result = command_options(argc, argv, COMMAND_KEY | COMMAND_JSON, 1, "one DISK",
				     print_help, &options);

	if (result > 0)
		return result - 1;
	result = survey_open(options.arguments[0], options_bde_flags(&options), &survey, &err);
	if (result == 0)
		result = options.dry_run ? preview(survey, &options, &err)
					 : fetch_and_write(survey, &options, &err);
	options_clear(&options);
	return result < 0 ? command_fail(&err) : 0;
}
