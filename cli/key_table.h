/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `adefuse key` wrote, or would fetch: one row a BEK, as a table for people or as JSON. */
#ifndef ADEFUSE_CLI_KEY_TABLE_H
#define ADEFUSE_CLI_KEY_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/text/guid.h"
#include "open/opened.h"

struct key_row {
	unsigned int volume; /* partition's number; 0 when not known */
	bool has_id;
	struct guid id;			  /* of the protector */
	const struct open_origin *origin; /* texts NULL when it came from no vault */
	const char *source;		  /* in words, when it came from no vault; or NULL */
	char *file;			  /* path written or to be written; owned; NULL: none */
};

struct key_table {
	size_t count;
	struct key_row *rows;
	bool dry_run;
};

void key_table_clear(struct key_table *table);
DEFINE_CLEAR(struct key_table, key_table_clear)

/* Room for one more row, filled with zeros; NULL when out of memory. */
struct key_row *key_table_add(struct key_table *table);

/* Columns as wide as what stands in them. 0 or -ENOMEM. */
int key_table_print(const struct key_table *table, FILE *out);

/* Malloc'ed; NULL when out of memory. */
char *key_table_json(const struct key_table *table, const char *disk);

#endif
