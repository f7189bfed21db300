/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options, their values and their help; see option.h. */
#include "cli/option.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/terminal/logger.h"

enum {
	ROWS_MAX = 64,	  /* that a command takes */
	FIRST_CODE = 256, /* getopt's code of the first row; letters are below */
	HELP_COLUMN = 27, /* where the help of a row begins */
};

/* ------------------------------------------------------------------- values */

int option_flag(const struct option_given *given, struct err *err)
{
	(void)err;
	*(bool *)given->field = true;
	return 0;
}

int option_text(const struct option_given *given, struct err *err)
{
	(void)err;
	*(const char **)given->field = given->value;
	return 0;
}

int option_u64(const struct option_given *given, struct err *err)
{
	const struct option_row *row = given->row;
	const char *value = given->value;
	char *end;
	uintmax_t number;

	errno = 0;
	number = strtoumax(value, &end, 10);
	if (errno || *end || *value < '0' || *value > '9' || number < row->least ||
	    number > row->most) {
		err_set(err, ERR_USAGE, EINVAL, "--%s '%s' is not a valid number", row->name,
			value);
		err_hint(err, "give a whole number from %" PRIu64 " to %" PRIu64, row->least,
			 row->most);
		return -EINVAL;
	}
	*(uint64_t *)given->field = number;
	return 0;
}

int option_uint(const struct option_given *given, struct err *err)
{
	struct option_given wide = *given;
	uint64_t number = 0;
	int result;

	wide.field = &number;
	result = option_u64(&wide, err);
	if (result == 0)
		*(unsigned int *)given->field = (unsigned int)number;
	return result;
}

int option_bad_choice(const struct option_given *given, const char *choices, struct err *err)
{
	err_set(err, ERR_USAGE, EINVAL, "unknown value '%s' for --%s", given->value,
		given->row->name);
	err_hint(err, "--%s takes one of: %s", given->row->name, choices);
	return -EINVAL;
}

int option_set(const struct option_command *command, const struct option_table *table,
	       const struct option_row *row, const char *value, struct err *err)
{
	const struct option_given given = {
		.command = command,
		.row = row,
		.field = (char *)table->target + row->field,
		.value = value,
	};

	if (row->value && !row->may_be_empty && !*value) {
		err_set(err, ERR_USAGE, EINVAL, "--%s has an empty value", row->name);
		err_hint(err, "a shell variable in the command may be unset");
		return -EINVAL;
	}
	return row->set(&given, err);
}

/* -------------------------------------------------------------- general rows */

static int set_verbose(const struct option_given *given, struct err *err)
{
	(void)given;
	(void)err;
	logger_set_level(logger_get_level() < LOGGER_INFO ? LOGGER_INFO : LOGGER_DEBUG);
	return 0;
}

static int set_quiet(const struct option_given *given, struct err *err)
{
	(void)given;
	(void)err;
	logger_set_level(LOGGER_ERRORS);
	return 0;
}

static const struct option_row general_rows[] = {
	{.name = "verbose",
	 .letter = 'v',
	 .set = set_verbose,
	 .help = "say which keys fit; -vv: each request to Azure, too"},
	{.name = "quiet", .letter = 'q', .set = set_quiet, .help = "print errors only"},
	{.name = "help", .letter = 'h', .set = option_flag, .help = "print this help"},
};

enum {
	GENERAL_COUNT = sizeof(general_rows) / sizeof(general_rows[0])
};

/* ------------------------------------------------------------------ parsing */

struct entry {
	const struct option_table *table;
	const struct option_row *row;
};

/* What getopt is given, and what its answers mean. */
struct menu {
	struct entry entries[ROWS_MAX];
	struct option longs[ROWS_MAX + 1];
	char letters[2 * ROWS_MAX + 2]; /* zeros after the last */
	size_t letter_count;
	size_t long_count;
	size_t count;
};

static void add_row(struct menu *menu, const struct option_table *table,
		    const struct option_row *row)
{
	if (row->place == OPTION_LIST || menu->count == ROWS_MAX)
		return;
	if (row->letter)
		menu->letters[menu->letter_count++] = row->letter;
	if (row->letter && row->value)
		menu->letters[menu->letter_count++] = ':';
	if (row->name)
		menu->longs[menu->long_count++] = (struct option){
			.name = row->name,
			.has_arg = row->value ? required_argument : no_argument,
			.val = FIRST_CODE + (int)menu->count,
		};
	menu->entries[menu->count++] = (struct entry){table, row};
}

static void add_table(struct menu *menu, const struct option_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		add_row(menu, table, &table->rows[i]);
}

static const struct entry *find_entry(const struct menu *menu, int code)
{
	for (size_t i = 0; i < menu->count; i++) {
		const struct option_row *row = menu->entries[i].row;

		if (code == FIRST_CODE + (int)i || (row->letter && row->letter == code))
			return &menu->entries[i];
	}
	return NULL;
}

/* Never what follows a name: it may be a secret that was typed where it does not belong. */
static int usage_error(struct err *err, char **argv, int code)
{
	const char *word = argv[optind - 1];
	char letter[] = {'-', (char)optopt, '\0'};

	/* getopt moves past a cluster of letters only after its last one */
	if (optopt > 0 && optopt < FIRST_CODE)
		word = letter;
	if (code == ':')
		err_set(err, ERR_USAGE, EINVAL, "option '%s' needs a value", word);
	else
		err_set(err, ERR_USAGE, EINVAL, "'adefuse %s' does not take '%.*s'", argv[0],
			(int)strcspn(word, "="), word);
	err_hint(err, "adefuse %s --help lists the options", argv[0]);
	return -EINVAL;
}

static int take(const struct menu *menu, const struct option_command *command, char **argv,
		int code, struct err *err)
{
	const struct entry *entry = find_entry(menu, code);

	return entry ? option_set(command, entry->table, entry->row, optarg, err)
		     : usage_error(err, argv, code);
}

int option_parse(int argc, char **argv, const struct option_command *command, char ***ret_arguments,
		 size_t *ret_count, bool *ret_help, struct err *err)
{
	bool help = false;
	struct option_table general = {general_rows, GENERAL_COUNT, &help};
	struct menu menu = {.letters = ":", .letter_count = 1};
	int result = 0;
	int code;

	add_table(&menu, &general);
	for (size_t i = 0; i < command->table_count; i++)
		add_table(&menu, &command->tables[i]);
	optind = 0; /* start over, even if the last parse ended within a cluster */
	opterr = 0;
	while (result == 0 && !help &&
	       (code = getopt_long(argc, argv, menu.letters, menu.longs, NULL)) != -1)
		result = take(&menu, command, argv, code, err);
	if (result < 0)
		return result;
	*ret_arguments = argv + optind;
	*ret_count = (size_t)(argc - optind);
	*ret_help = help;
	return 0;
}

/* --------------------------------------------------------------------- help */

static void print_row(const struct option_row *row)
{
	char letter[] = {'-', row->letter, '\0'};
	const char *help = row->help;
	int used = printf("  %s%s%s%s%s%s", row->letter ? letter : "",
			  row->letter && row->name ? ", " : "", row->name ? "--" : "",
			  row->name ? row->name : "", row->value ? " " : "",
			  row->value ? row->value : "");

	if (used >= HELP_COLUMN) {
		(void)putchar('\n');
		used = 0;
	}
	while (*help) {
		size_t length = strcspn(help, "\n");

		(void)printf("%*s%.*s\n", HELP_COLUMN - used, "", (int)length, help);
		help += length + (help[length] == '\n');
		used = 0;
	}
}

void option_print(const struct option_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].place != OPTION_LIST)
			print_row(&rows[i]);
	}
}

void option_print_general(void)
{
	option_print(general_rows, GENERAL_COUNT);
}
