/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list of mount's -o, as people and mount(8) write it: words of ours are set (vault=, bek=,
 * salvage, ...), the rest is kept for FUSE. A comma within a value is written `\,`. One thread.
 */
#ifndef ADEFUSE_CLI_OPTLIST_H
#define ADEFUSE_CLI_OPTLIST_H

#include "cli/option.h"

struct optlist {
	char *fuse;   /* what is FUSE's, comma-separated and escaped again; NULL: nothing */
	char **words; /* memory of the values that were set */
	size_t word_count;
};

/*
 * Take a list in. `from_mount`: mount(8) made it, so words that are meant for mount itself (rw,
 * noauto, x-..., ...) are dropped. ERR_USAGE for a wrong value, and for rw that a person gave.
 */
int optlist_parse(struct optlist *list, const char *text, bool from_mount,
		  const struct option_command *command, struct err *err);

void optlist_clear(struct optlist *list);

#endif
