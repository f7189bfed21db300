/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse mount`: open, unlock, build the tree, serve it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/optlist.h"
#include "cli/report.h"
#include "cli/terminal/logger.h"
#include "disk/memory.h"
#include "fs/mount.h"

struct mount_settings {
	bool foreground;
	bool debug;
	bool nonempty;
	bool direct_io;
	struct optlist list; /* -o */
};

static int set_debug(const struct option_given *given, struct err *err)
{
	struct mount_settings *settings = given->field;

	(void)err;
	settings->foreground = true;
	settings->debug = true;
	return 0;
}

static int add_list(const struct option_given *given, struct err *err)
{
	return optlist_parse(given->field, given->value, false, given->command, err);
}

static const struct option_row mount_rows[] = {
	{.name = "foreground",
	 .letter = 'f',
	 .set = option_flag,
	 .field = offsetof(struct mount_settings, foreground),
	 .help = "stay in the foreground until unmounted"},
	{.letter = 'd', .set = set_debug, .help = "stay in the foreground and print FUSE's trace"},
	{.letter = 'o',
	 .value = "OPT,...",
	 .may_be_empty = true,
	 .set = add_list,
	 .field = offsetof(struct mount_settings, list),
	 .help = "FUSE options: allow_root, allow_other, nonempty, ...;\nKEYS without their "
		 "dashes: vault=NAME,bek=PATH,...\n(write a comma in a value as "
		 "'\\,');\ndirect_io: bypass the page cache, for large reads"},
	{.name = "nonempty",
	 .place = OPTION_LIST,
	 .set = option_flag,
	 .field = offsetof(struct mount_settings, nonempty)},
	{.name = "direct_io",
	 .place = OPTION_LIST,
	 .set = option_flag,
	 .field = offsetof(struct mount_settings, direct_io)},
};

static const struct command mount = {
	.usage = "Usage: adefuse mount [KEYS] [-f] [-o OPT,...] DISK MOUNTPOINT\n"
		 "Mount the decrypted disk, read-only. MOUNTPOINT is an empty directory. It then\n"
		 "holds disk.raw (the whole disk), p1.raw, p2.raw, ... (one file for each\n"
		 "partition) and info.json. Unmount with 'fusermount3 -u MOUNTPOINT' or umount.\n",
	.examples = "  adefuse mount --vault contoso-kv osdisk.vhd /mnt/ade\n"
		    "  adefuse mount --bek /media/usb /dev/sdc /mnt/ade\n"
		    "  adefuse mount --recovery-password prompt osdisk.vhd /mnt/ade\n"
		    "Then read the files of partition 3, as root:\n"
		    "  mount -o loop,ro /mnt/ade/p3.raw /mnt/c\n",
	.rows = mount_rows,
	.row_count = sizeof(mount_rows) / sizeof(mount_rows[0]),
	.arguments = "a DISK and a MOUNTPOINT",
	.least = 2,
	.most = 2,
};

static int add_file(struct tree *tree, const char *name, struct source *source, struct err *err)
{
	int result = tree_add(tree, name, source);

	if (result < 0)
		err_errno(err, ERR_OTHER, -result, "cannot add '%s' to the mount", name);
	return result;
}

static int add_info(struct tree *tree, const struct opened_disk *disk, struct err *err)
{
	struct source *source CLEANUP(source_unref) = NULL;
	char *json CLEANUP(free) = report_json(disk, true);

	if (!json || memory_new(json, strlen(json), &source) < 0)
		return err_nomem(err);
	return add_file(tree, "info.json", source, err);
}

static int build_tree(const struct opened_disk *disk, struct tree **ret_tree, struct err *err)
{
	struct tree *tree CLEANUP(tree_free) = tree_new();
	int result = tree ? 0 : err_nomem(err);

	if (result == 0 && !disk->plain)
		log_warning("the mount has no disk.raw: unlocked volumes overlap on the disk");
	if (result == 0 && disk->plain)
		result = add_file(tree, "disk.raw", disk->plain, err);
	for (size_t i = 0; i < disk->count && result == 0; i++) {
		const struct opened_volume *volume = &disk->volumes[i];
		char name[32];

		if (!volume->plain)
			continue;
		(void)snprintf(name, sizeof(name), "p%u.raw", volume->partition->number);
		result = add_file(tree, name, volume->plain, err);
	}
	if (result == 0)
		result = add_info(tree, disk, err);
	if (result == 0)
		*ret_tree = TAKE(tree);
	return result;
}

/* Volumes that are not in the mount, said before the terminal is left. */
static void warn_locked(const struct opened_disk *disk)
{
	for (size_t i = 0; i < disk->count; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		if (!volume->plain)
			log_warning("the mount has no p%u.raw: %s", volume->partition->number,
				    volume->reason.message);
	}
}

static void on_ready(void *context)
{
	daemon_ready(context);
}

static int open_and_serve(const struct mount_options *options, const struct open_request *request,
			  struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	struct tree *tree CLEANUP(tree_free) = NULL;
	int result = mount_check(options, err);

	if (result == 0)
		result = open_disk(request, &disk, err);
	if (result != 0)
		return result;
	command_opened(disk);
	result = open_verdict(disk, err);
	if (result != 0)
		return result;
	warn_locked(disk);
	result = build_tree(disk, &tree, err);
	return result == 0 ? mount_serve(tree, options, err) : result;
}

static int run_mount(const struct mount_settings *settings, const struct keys *keys,
		     const char *disk, const char *mountpoint)
{
	struct open_request request = keys_request(keys, disk);
	struct daemon daemon = {.pipe = -1};
	struct mount_options options = {
		.mountpoint = mountpoint,
		.disk = disk,
		.fuse_options = settings->list.fuse,
		.nonempty = settings->nonempty,
		.direct_io = settings->direct_io,
		.debug = settings->debug,
		.ready = on_ready,
		.context = &daemon,
	};
	struct err err = {0};
	int exit_code = 0;
	int result = settings->foreground ? 0 : daemon_fork(&daemon, &exit_code, &err);

	if (result > 0)
		return exit_code;
	if (result == 0)
		result = open_and_serve(&options, &request, &err);
	return result < 0 ? command_fail(&err) : 0;
}

int command_mount(int argc, char **argv)
{
	struct mount_settings settings = {0};
	struct keys keys = {0};
	struct command_words words;
	int exit_code;

	if (command_begin(&mount, argc, argv, &settings, &keys, &words, &exit_code))
		exit_code = run_mount(&settings, &keys, words.list[0], words.list[1]);
	optlist_clear(&settings.list);
	return exit_code;
}

/* ---------------------------------------------------------------- mount(8) */

/* The options that mount(8) passes besides -o; false when it is none of them. */
static bool is_helper_flag(const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		if (*p == 'v')
			logger_set_level(LOGGER_INFO);
		else if (!strchr("sfnrw", *p))
			return false;
	}
	return true;
}

struct helper {
	struct mount_settings settings;
	struct keys keys;
	const char *words[2]; /* disk, directory */
	size_t count;
};

/* One word of mount(8)'s, with the one after it if it takes one; *index moves past both. */
static int take_helper_word(struct helper *helper, int argc, char **argv, int *index,
			    struct err *err)
{
	struct option_table tables[COMMAND_TABLES];
	struct option_command command = {tables, COMMAND_TABLES};
	const char *word = argv[(*index)++];
	bool with_value =
		strcmp(word, "-o") == 0 || strcmp(word, "-t") == 0 || strcmp(word, "-N") == 0;

	command_tables(&mount, &helper->settings, &helper->keys, tables);
	if (word[0] != '-' && helper->count < 2) {
		helper->words[helper->count++] = word;
		return 0;
	}
	if (with_value && *index < argc) {
		const char *value = argv[(*index)++];

		return word[1] == 'o'
			       ? optlist_parse(&helper->settings.list, value, true, &command, err)
			       : 0;
	}
	if (word[0] != '-' || with_value || !is_helper_flag(word))
		return err_set(err, ERR_USAGE, EINVAL, "mount.adefuse does not take '%s'", word);
	return 0;
}

static int parse_helper(struct helper *helper, int argc, char **argv, struct err *err)
{
	for (int i = 1; i < argc;) {
		int result = take_helper_word(helper, argc, argv, &i, err);

		if (result < 0)
			return result;
	}
	if (helper->count == 2)
		return 0;
	err_set(err, ERR_USAGE, EINVAL, "mount.adefuse takes a DISK and a directory");
	err_hint(err, "use: mount -t adefuse DISK DIR -o vault=NAME");
	return -EINVAL;
}

int command_mount_helper(int argc, char **argv)
{
	struct helper helper = {0};
	struct err err = {0};
	int exit_code;

	if (parse_helper(&helper, argc, argv, &err) < 0)
		exit_code = command_fail(&err);
	else
		exit_code =
			run_mount(&helper.settings, &helper.keys, helper.words[0], helper.words[1]);
	optlist_clear(&helper.settings.list);
	return exit_code;
}
