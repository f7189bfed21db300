/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse mount`: open, unlock, build the tree, serve it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/report.h"
#include "disk/memory.h"
#include "fs/mount.h"
#include "open/plaindisk.h"
#include "open/unlock.h"

static void print_help(void)
{
	(void)fputs(
		"Usage: adefuse mount [KEYS] [-f] [-o OPT,...] DISK MOUNTPOINT\n"
		"Mount the plaintext of a disk, read-only: disk.raw, p1.raw, p2.raw, ..., info.json.\n"
		"Unmount with 'fusermount3 -u MOUNTPOINT' or umount.\n\n"
		"  -f, --foreground         stay in the foreground until unmounted\n"
		"  -d                       -f, and FUSE's own trace\n"
		"  -o OPT,...               allow_other, nonempty and other FUSE options; KEYS too, as\n"
		"                           vault=NAME,bek=PATH,... (a comma in a value is '\\,');\n"
		"                           direct_io: past the page cache, for large reads only\n\n"
		"  adefuse mount --vault contoso-kv osdisk.vhd /mnt/ade\n"
		"  adefuse mount --bek EF7B2F5A-50C6-4637-0001-7F599C12F85C.BEK osdisk.vhd /mnt/ade\n",
		stdout);
	command_print_keys_help();
}

static int add_file(struct tree *tree, const char *name, struct source *source, struct err *err)
{
	int result = tree_add(tree, name, source);

	if (result < 0)
		err_set(err, ERR_OTHER, -result, "cannot add '%s' to the mount: %s", name,
			strerror(-result));
	return result;
}

static int add_info(struct tree *tree, const struct survey *survey, struct err *err)
{
	struct source *source CLEANUP(source_unref) = NULL;
	char *json CLEANUP(free) = report_json(survey, true);

	if (!json || memory_new(json, strlen(json), &source) < 0)
		return err_nomem(err);
	return add_file(tree, "info.json", source, err);
}

static int build_tree(const struct survey *survey, struct tree **ret_tree, struct err *err)
{
	struct tree *tree CLEANUP(tree_free) = tree_new();
	struct source *disk CLEANUP(source_unref) = NULL;
	int result = tree ? plain_disk_new(survey, &disk, err) : err_nomem(err);

	if (result == 0 && !disk)
		log_warning("disk.raw is left out: unlocked volumes overlap on the disk");
	if (result == 0 && disk)
		result = add_file(tree, "disk.raw", disk, err);
	for (size_t i = 0; i < survey->count && result == 0; i++) {
		const struct survey_volume *volume = &survey->volumes[i];
		char name[32];

		if (!volume->plain)
			continue;
		(void)snprintf(name, sizeof(name), "p%u.raw", volume->partition->number);
		result = add_file(tree, name, volume->plain, err);
	}
	if (result == 0)
		result = add_info(tree, survey, err);
	if (result == 0)
		*ret_tree = TAKE(tree);
	return result;
}

/* Volumes that are not in the mount, said before the terminal is left. */
static void warn_locked(const struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		if (!volume->plain)
			log_warning("p%u is left out: %s", volume->partition->number,
				    volume->reason.message);
	}
}

static void on_ready(void *context)
{
	daemon_ready(context);
}

static int open_and_serve(const struct options *options, struct daemon *daemon, struct err *err)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	struct tree *tree CLEANUP(tree_free) = NULL;
	struct mount_options mount = {
		.mountpoint = options->arguments[1],
		.disk = options->arguments[0],
		.fuse_options = options->fuse_options,
		.nonempty = options->nonempty,
		.direct_io = options->direct_io,
		.debug = options->debug,
		.ready = on_ready,
		.context = daemon,
	};
	int result = mount_check(&mount, err);

	if (result == 0)
		result = survey_open(options->arguments[0], options_bde_flags(options), &survey,
				     err);
	if (result == 0)
		result = unlock_survey(survey, options, err);
	if (result == 0)
		survey_log_warnings(survey);
	if (result == 0)
		result = unlock_verdict(survey, err);
	if (result == 0) {
		warn_locked(survey);
		result = build_tree(survey, &tree, err);
	}
	if (result == 0)
		result = mount_serve(tree, &mount, err);
	return result;
}

static int run_mount(const struct options *options)
{
	struct daemon daemon = {.pipe = -1};
	struct err err = {0};
	int exit_code = 0;
	int result;

	if (!options->foreground) {
		result = daemon_fork(&daemon, &exit_code, &err);
		if (result > 0)
			return exit_code;
		if (result < 0)
			return command_fail(&err);
	}
	result = open_and_serve(options, &daemon, &err);
	return result < 0 ? command_fail(&err) : 0;
}

int command_mount(int argc, char **argv)
{
	struct options options;
	int result = command_options(argc, argv, COMMAND_MOUNT, 2, "a DISK and a MOUNTPOINT",
				     print_help, &options);

	if (result > 0)
		return result - 1;
	result = run_mount(&options);
	options_clear(&options);
	return result;
}

/* The options that mount(8) passes besides -o; 0 when it is one of them. */
static int helper_flag(const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		if (*p == 'v')
			log_set_level(LOG_LEVEL_INFO);
		else if (!strchr("sfnrw", *p))
			return -EINVAL;
	}
	return 0;
}

static int parse_helper(int argc, char **argv, struct options *options, struct err *err)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		bool with_value = strcmp(word, "-o") == 0 || strcmp(word, "-t") == 0 ||
				  strcmp(word, "-N") == 0;
		int result = 0;

		if (word[0] != '-' && count < 2)
			argv[1 + count++] = argv[i];
		else if (with_value && i + 1 < argc)
			result = word[1] == 'o' ? options_parse_list(options, argv[++i], true, err)
						: (i++, 0);
		else if (word[0] != '-' || with_value || helper_flag(word) < 0)
			result = err_set(err, ERR_USAGE, EINVAL, "mount.adefuse does not take '%s'",
					 word);
		if (result < 0)
			return result;
	}
	if (count != 2) {
		err_set(err, ERR_USAGE, EINVAL, "mount.adefuse takes a DISK and a directory");
		err_hint(err, "mount -t adefuse DISK DIR -o vault=NAME");
		return -EINVAL;
	}
	options->arguments = argv + 1;
	options->argument_count = count;
	return 0;
}

int command_mount_helper(int argc, char **argv)
{
	struct options options = {0};
	struct err err = {0};
	int result = parse_helper(argc, argv, &options, &err);

	result = result < 0 ? command_fail(&err) : run_mount(&options);
	options_clear(&options);
	return result;
}
