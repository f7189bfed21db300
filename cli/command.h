/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands: each gets argv with its own name first, prints its own help, and returns the exit
 * code. Errors have been printed when it returns.
 */
#ifndef ADEFUSE_CLI_COMMAND_H
#define ADEFUSE_CLI_COMMAND_H

#include <stdint.h>

#include "cli/options.h"

int command_mount(int argc, char **argv);
int command_info(int argc, char **argv);
int command_key(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_export(int argc, char **argv);

/* What mount(8) runs as mount.adefuse: DISK DIR [-sfnv] [-N NAMESPACE] [-t TYPE] [-o OPTIONS]. */
int command_mount_helper(int argc, char **argv);

/*
 * Parse options for a command that takes exactly `argument_count` arguments (COMMAND_ANY: one or
 * more), called `arguments` in the message. 0; or the exit code plus one when the command is to end
 * (help was printed, or a usage error).
 */
int command_options(int argc, char **argv, unsigned int flags, size_t argument_count,
		    const char *arguments, void (*print_help)(void), struct options *ret_options);

#define COMMAND_ANY SIZE_MAX

/* Print the error and give its exit code. */
int command_fail(const struct err *err);

/* The lines of --help that describe KEYS. */
void command_print_keys_help(void);

#endif
