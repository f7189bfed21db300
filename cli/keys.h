/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * KEYS: the options that every command takes to open a disk, and the request that they make
 * (open/open.h). One thread.
 */
#ifndef ADEFUSE_CLI_KEYS_H
#define ADEFUSE_CLI_KEYS_H

#include "cli/option.h"
#include "open/open.h"

enum {
	KEYS_MAX = 64,
	KEYS_HOST_MAX = 16
};

struct keys {
	struct open_request request;	/* but for `keys` and `trusted_hosts`; see below */
	struct open_key list[KEYS_MAX]; /* in the order given; request.key_count says how many */
	const char *hosts[KEYS_HOST_MAX + 1]; /* NULL-terminated */
};

enum {
	KEYS_TABLES = 3
};
void keys_tables(struct keys *keys, struct option_table ret_tables[KEYS_TABLES]);

/* The request for this disk, with the person at the terminal as its caller. Points into `keys`. */
struct open_request keys_request(const struct keys *keys, const char *disk);

/* The part of --help that is about KEYS. */
void keys_print_help(void);

#endif
