/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands share; see command.h. */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"

int command_exit_code(const struct err *err)
{
	return err->kind == ERR_NONE ? ERR_OTHER : (int)err->kind;
}

int command_fail(const struct err *err)
{
	log_err(err);
	return command_exit_code(err);
}

void command_tables(const struct command *command, void *settings, struct keys *keys,
		    struct option_table ret_tables[COMMAND_TABLES])
{
	ret_tables[0] = (struct option_table){command->rows, command->row_count, settings};
	keys_tables(keys, ret_tables + 1);
}

static void print_help(const struct command *command)
{
	(void)fputs(command->usage, stdout);
	(void)putchar('\n');
	option_print(command->rows, command->row_count);
	keys_print_help();
	(void)fputs("\nMessages:\n", stdout);
	option_print_general();
	(void)printf("\nExamples:\n%s", command->examples);
}

/* Their number, not their words: one may be a secret that was typed where SRC belongs. */
static int check_arguments(const struct command *command, const char *name,
			   const struct command_words *words, struct err *err)
{
	if (words->count < command->least || words->count > command->most) {
		err_set(err, ERR_USAGE, EINVAL, "'adefuse %s' takes %s; %zu %s given", name,
			command->arguments, words->count,
			words->count == 1 ? "argument was" : "arguments were");
		err_hint(err,
			 "adefuse %s --help shows an example; an option takes the next word as "
			 "its value",
			 name);
		return -EINVAL;
	}
	for (size_t i = 0; i < words->count; i++) {
		if (words->list[i][0] != '\0')
			continue;
		err_set(err, ERR_USAGE, EINVAL, "argument %zu of 'adefuse %s' is empty", i + 1,
			name);
		err_hint(err, "a shell variable in the command may be unset");
		return -EINVAL;
	}
	return 0;
}

bool command_begin(const struct command *command, int argc, char **argv, void *settings,
		   struct keys *keys, struct command_words *ret_words, int *ret_exit)
{
	struct option_table tables[COMMAND_TABLES];
	struct option_command taken = {tables, COMMAND_TABLES};
	struct err err = {0};
	bool help = false;
	int result;

	command_tables(command, settings, keys, tables);
	result = option_parse(argc, argv, &taken, &ret_words->list, &ret_words->count, &help, &err);
	if (result == 0 && help) {
		print_help(command);
		*ret_exit = 0;
		return false;
	}
	if (result == 0)
		result = check_arguments(command, argv[0], ret_words, &err);
	if (result < 0)
		*ret_exit = command_fail(&err);
	return result == 0;
}

void command_opened(const struct opened_disk *disk)
{
	open_forget_environment();
	for (size_t i = 0; i < disk->warnings.count; i++)
		log_warning("%s", disk->warnings.text[i]);
	for (size_t i = 0; i < disk->count; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		for (size_t k = 0; k < volume->warnings.count; k++)
			log_warning("p%u: %s", volume->partition->number, volume->warnings.text[k]);
	}
}
