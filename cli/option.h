/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options: one row each. A command lists the tables that it takes; each table's rows fill the
 * struct that it is for, and --help is printed from the same rows.
 *
 * Values point into argv (or into an option list's memory, cli/optlist.h). One thread.
 */
#ifndef ADEFUSE_CLI_OPTION_H
#define ADEFUSE_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Where a row is taken. */
enum option_place {
	OPTION_LINE, /* on the command line */
	OPTION_BOTH, /* there, and as a word of mount's -o */
	OPTION_LIST, /* as a word of mount's -o alone */
};

struct option_command;
struct option_row;

/* An option as it was given. */
struct option_given {
	const struct option_command *command;
	const struct option_row *row;
	void *field;	   /* what the row is for */
	const char *value; /* NULL when the row takes none */
};

typedef int option_setter(const struct option_given *given, struct err *err);

struct option_row {
	const char *name; /* without dashes; NULL: only the letter */
	char letter;	  /* the short form; 0: only the name */
	enum option_place place;
	const char *value; /* what --help calls the value; NULL: the row takes none */
	bool may_be_empty; /* the value */
	option_setter *set;
	size_t field;	/* offset in the table's target */
	int kind;	/* for setters that serve several rows */
	uint64_t least; /* of a number */
	uint64_t most;
	const char *help; /* lines for --help, separated by \n */
};

/* A row for the command line that takes no value, one that takes any, and one for a number. */
#define OPTION_FLAG(row_name, type, member, row_help)                                    \
	{                                                                                \
		.name = (row_name), .set = option_flag, .field = offsetof(type, member), \
		.help = (row_help)                                                       \
	}
#define OPTION_VALUE(row_name, row_value, setter, type, member, row_help)  \
	{                                                                  \
		.name = (row_name), .value = (row_value), .set = (setter), \
		.field = offsetof(type, member), .help = (row_help)        \
	}
#define OPTION_NUMBER(row_name, type, member, from, to, row_help)                                  \
	{                                                                                          \
		.name = (row_name), .value = "N", .set = option_uint,                              \
		.field = offsetof(type, member), .least = (from), .most = (to), .help = (row_help) \
	}

struct option_table {
	const struct option_row *rows;
	size_t count;
	void *target; /* the struct that `field` counts from */
};

/* What a command takes. */
struct option_command {
	const struct option_table *tables;
	size_t table_count;
};

/* Setters. The field is a bool; a const char *; an unsigned int; a uint64_t. */
option_setter option_flag;
option_setter option_text;
option_setter option_uint;
option_setter option_u64;

/* "unknown value 'moon' for --cloud", with those that are known. */
int option_bad_choice(const struct option_given *given, const char *choices, struct err *err);

/* Set a row; an empty value is refused: a shell variable in the command may be unset. */
int option_set(const struct option_command *command, const struct option_table *table,
	       const struct option_row *row, const char *value, struct err *err);

/*
 * Parse what follows the command's name (argv[0]). Options and arguments may be mixed; after "--"
 * all are arguments. *ret_arguments points into argv. *ret_help: --help was given, and nothing
 * after it was looked at. 0, or -EINVAL and the like with err (ERR_USAGE).
 */
int option_parse(int argc, char **argv, const struct option_command *command, char ***ret_arguments,
		 size_t *ret_count, bool *ret_help, struct err *err);

/* The rows of a table for --help, in at most 80 columns. */
void option_print(const struct option_row *rows, size_t count);

/* The rows that every command takes: -v, -q, -h. */
void option_print_general(void);

#endif
