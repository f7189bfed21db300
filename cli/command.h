/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands: each gets argv with its own name first, prints its own help, and returns the exit
 * code. Errors have been printed when it returns. One thread.
 */
#ifndef ADEFUSE_CLI_COMMAND_H
#define ADEFUSE_CLI_COMMAND_H

#include <stdint.h>

#include "cli/keys.h"

int command_mount(int argc, char **argv);
int command_info(int argc, char **argv);
int command_key(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_export(int argc, char **argv);

/* What mount(8) runs as mount.adefuse: DISK DIR [-sfnv] [-N NAMESPACE] [-t TYPE] [-o OPTIONS]. */
int command_mount_helper(int argc, char **argv);

/* ------------------------------------------------- what the commands share */

/* A command as its user sees it. */
struct command {
	const char *usage;	       /* the first lines of --help, up to the options */
	const char *examples;	       /* the last lines of --help */
	const struct option_row *rows; /* the command's own options; KEYS come besides */
	size_t row_count;
	const char *arguments; /* what it takes, for messages: "one DISK" */
	size_t least;	       /* number of arguments */
	size_t most;
};

#define COMMAND_ANY SIZE_MAX

/* The tables of a command's options: its own, which fill `settings`, and those of KEYS. */
enum {
	COMMAND_TABLES = 1 + KEYS_TABLES
};
void command_tables(const struct command *command, void *settings, struct keys *keys,
		    struct option_table ret_tables[COMMAND_TABLES]);

struct command_words {
	char **list; /* arguments; points into argv */
	size_t count;
};

/*
 * Parse the command line into `settings` and `keys`, which begin as zeros. True: go on. False: the
 * command ends with *ret_exit, because help or an error was printed.
 */
bool command_begin(const struct command *command, int argc, char **argv, void *settings,
		   struct keys *keys, struct command_words *ret_words, int *ret_exit);

/* Print the error and give its exit code. */
int command_fail(const struct err *err);

/* What a failure counts as where another exit code may come first: its kind. */
int command_exit_code(const struct err *err);

/*
 * The keys were tried: print all warnings of the disk and its volumes as log lines, and drop from
 * the environment what nobody signs in with from here on.
 */
void command_opened(const struct opened_disk *disk);

#endif
