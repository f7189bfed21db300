/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `adefuse info`: what is on a disk, as far as it can be told without a key, or with the keys
 * given. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/unlock.h"

static void print_help(void)
{
	(void)fputs("Usage: adefuse info [--json] [KEYS] DISK\n"
		    "Show partitions, BitLocker state, method and key protectors. Needs no key.\n\n"
		    "  --json                   for scripts; the schema is in adefuse(1)\n\n"
		    "  adefuse info osdisk.vhd\n"
		    "  adefuse info --json /dev/sdc | jq '.volumes[].bitlocker.protectors'\n",
		    stdout);
	command_print_keys_help();
}

static int print_json(const struct survey *survey, struct err *err)
{
	char *json CLEANUP(free) = report_json(survey, false);

	if (!json)
		return err_nomem(err);
	(void)fputs(json, stdout);
	return 0;
}

int command_info(int argc, char **argv)
{
	struct survey *survey CLEANUP(survey_free) = NULL;
	struct options options;
	struct err err = {0};
	int result = command_options(argc, argv, COMMAND_JSON, 1, "one DISK", print_help, &options);

	if (result > 0)
		return result - 1;
	result = survey_open(options.arguments[0], options_bde_flags(&options), &survey, &err);
	/* without KEYS too: a clear key on the disk needs none */
	if (result == 0)
		result = unlock_survey(survey, &options, &err);
	if (result == 0 && options.json)
		result = print_json(survey, &err);
	else if (result == 0)
		report_text(survey, stdout);
	options_clear(&options);
	if (result == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		result = err_set(&err, ERR_OTHER, EIO, "standard output cannot be written");
	return result < 0 ? command_fail(&err) : 0;
}
