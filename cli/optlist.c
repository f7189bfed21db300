/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of mount's -o; see optlist.h. */
#include "cli/optlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Cut the next word off the list; a backslash keeps the character after it. Malloc'ed, or NULL. */
static char *next_word(const char **list)
{
	char *word = malloc(strlen(*list) + 1);
	char *out = word;
	const char *p = *list;

	if (!word)
		return NULL;
	for (; *p && *p != ','; p++) {
		if (*p == '\\' && p[1])
			p++;
		*out++ = *p;
	}
	*out = '\0';
	*list = *p ? p + 1 : p;
	return word;
}

/* Words that mount(8) hands to every helper and that mean nothing to FUSE. */
static bool is_for_mount(const char *word)
{
	static const char *const words[] = {"rw",	"defaults", "auto",  "noauto", "user",
					    "nouser",	"users",    "owner", "group",  "nofail",
					    "_netdev",	"async",    "exec",  "suid",   "dev",
					    "relatime", "loud",	    "silent"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return strncmp(word, "x-", 2) == 0 || strncmp(word, "X-", 2) == 0 ||
	       strncmp(word, "comment=", 8) == 0 || strncmp(word, "user=", 5) == 0 ||
	       strncmp(word, "helper=", 7) == 0;
}

/* The word for FUSE, with its commas escaped again. */
static int keep_for_fuse(struct optlist *list, const char *word)
{
	size_t used = list->fuse ? strlen(list->fuse) : 0;
	char *fuse = realloc(list->fuse, used + 2 * strlen(word) + 2);

	if (!fuse)
		return -ENOMEM;
	list->fuse = fuse;
	if (used > 0)
		fuse[used++] = ',';
	for (; *word; word++) {
		if (*word == ',' || *word == '\\')
			fuse[used++] = '\\';
		fuse[used++] = *word;
	}
	fuse[used] = '\0';
	return 0;
}

static bool is_row(const struct option_row *row, const char *word, const char *equals)
{
	size_t length = equals ? (size_t)(equals - word) : strlen(word);

	return row->place != OPTION_LINE && row->name && (row->value != NULL) == (equals != NULL) &&
	       strlen(row->name) == length && strncmp(row->name, word, length) == 0;
}

/* `name` or `name=value` of ours. *ret_ours says whether it is; the list then owns the word. */
static int take_ours(struct optlist *list, char **word, const struct option_command *command,
		     bool *ret_ours, struct err *err)
{
	const char *equals = strchr(*word, '=');

	*ret_ours = false;
	for (size_t i = 0; i < command->table_count; i++) {
		const struct option_table *table = &command->tables[i];

		for (size_t k = 0; k < table->count; k++) {
			char **words;

			if (!is_row(&table->rows[k], *word, equals))
				continue;
			words = reallocarray(list->words, list->word_count + 1, sizeof(*words));
			if (!words)
				return err_nomem(err);
			list->words = words;
			words[list->word_count++] = TAKE(*word);
			*ret_ours = true;
			return option_set(command, table, &table->rows[k],
					  equals ? equals + 1 : NULL, err);
		}
	}
	return 0;
}

static int take_word(struct optlist *list, char **word, bool from_mount,
		     const struct option_command *command, struct err *err)
{
	bool ours;
	int result;

	if (!**word || strcmp(*word, "ro") == 0 || (from_mount && is_for_mount(*word)))
		return 0;
	if (strcmp(*word, "rw") == 0) {
		err_set(err, ERR_USAGE, EINVAL, "-o rw: the disk is never written");
		err_hint(err, "leave out rw: the mount is always read-only");
		return -EINVAL;
	}
	result = take_ours(list, word, command, &ours, err);
	if (result == 0 && !ours && keep_for_fuse(list, *word) < 0)
		result = err_nomem(err);
	return result;
}

int optlist_parse(struct optlist *list, const char *text, bool from_mount,
		  const struct option_command *command, struct err *err)
{
	int result = 0;

	while (result == 0 && *text) {
		char *word CLEANUP(free) = next_word(&text);

		result = word ? take_word(list, &word, from_mount, command, err) : err_nomem(err);
	}
	return result;
}

void optlist_clear(struct optlist *list)
{
	for (size_t i = 0; i < list->word_count; i++)
		free(list->words[i]);
	free(list->words);
	free(list->fuse);
	*list = (struct optlist){0};
}
