/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse key`: write the BEK files that open a disk, named as Windows names them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/unlock.h"

static void print_help(void)
{
	(void)fputs(
		"Usage: adefuse key [KEYS] [--out DIR] DISK\n"
		"Write the BEK files that open this disk, one a volume, readable by their owner only.\n\n"
		"  --out DIR                where to (the current directory)\n"
		"  --force                  replace a file that is there\n\n"
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

static int write_bek(const struct survey_volume *volume, const char *out, int directory, bool force,
		     struct err *err)
{
	char name[GUID_TEXT_SIZE + 8];
	int result;

	(void)snprintf(name, sizeof(name), "%s.BEK", guid_format(&volume->protector->id).text);
	result = write_file(directory, name, volume->bek, force);
	if (result < 0) {
		err_set(err, ERR_OTHER, -result, "cannot write '%s/%s': %s", out, name,
			strerror(-result));
		if (result == -EEXIST)
			err_hint(err, "it is left as it is; --force replaces it");
		return result;
	}
	(void)printf("p%u  %s/%s\n", volume->partition->number, out, name);
	return 0;
}

static bool has_bitlocker(const struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		if (survey_is_bitlocker(&survey->volumes[i]))
			return true;
	}
	return false;
}

/* Write each volume's BEK. What another kind of key opened has none. */
static int write_beks(const struct survey *survey, const struct options *options, struct err *err)
{
	const char *out = options->out ? options->out : ".";
	int directory = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t written = 0;
	int result = 0;

	if (directory < 0) {
		int error = errno;

		err_set(err, ERR_USAGE, error, "cannot write to '%s': %s", out, strerror(error));
		err_hint(err, "--out names a directory that exists");
		return -error;
	}
	for (size_t i = 0; i < survey->count && result == 0; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		if (volume->bek) {
			result = write_bek(volume, out, directory, options->force, err);
			written++;
		} else if (survey_is_bitlocker(volume)) {
			log_warning("p%u: no BEK: %s%s", volume->partition->number,
				    volume->plain ? "opened by " : "",
				    volume->key_what		? volume->key_what
				    : volume->plain		? "no key, it is not encrypted"
				    : volume->reason.message[0] ? volume->reason.message
								: "locked");
		}
	}
	(void)close(directory);
	if (result == 0 && written == 0 && !has_bitlocker(survey)) {
		err_set(err, ERR_KEY, ENOKEY, "no volume of this disk has BitLocker");
		err_hint(err, "it can be read without a key: adefuse mount DISK MOUNTPOINT");
		return -ENOKEY;
	}
	if (result == 0 && written == 0) {
		err_set(err, ERR_KEY, ENOKEY, "no volume of this disk was opened by a BEK");
		err_hint(
			err,
			"give --vault NAME or --secret URL; 'adefuse info DISK' shows the protectors");
		return -ENOKEY;
	}
	return result;
}

int command_key(int argc, char **argv)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	struct options options;
	struct err err = {0};
	int result = command_options(argc, argv, COMMAND_KEY, 1, "one DISK", print_help, &options);

	if (result > 0)
		return result - 1;
	result = survey_open(options.arguments[0], &survey, &err);
	if (result == 0)
		result = unlock_survey(survey, &options, &err);
	if (result == 0)
		survey_log_warnings(survey);
	if (result == 0)
		result = unlock_verdict(survey, &err);
	if (result == 0)
		result = write_beks(survey, &options, &err);
	options_clear(&options);
	return result < 0 ? command_fail(&err) : 0;
}
