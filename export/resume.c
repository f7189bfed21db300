/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a state file; see resume.h. */
#include "export/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char head[] = "adefuse-export 1\n";

void resume_clear(struct resume *resume)
{
	free(resume->identity);
	ranges_clear(&resume->unreadable);
	*resume = (struct resume){0};
}

/* The rest of a text. */
struct scanner {
	const char *at;
	const char *end;
};

static bool take(struct scanner *scanner, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(scanner->end - scanner->at) < length || memcmp(scanner->at, word, length) != 0)
		return false;
	scanner->at += length;
	return true;
}

/* Decimal digits as printf makes them: no sign, no leading zero. */
static bool take_number(struct scanner *scanner, uint64_t *ret_number)
{
	const char *start = scanner->at;
	uint64_t number = 0;

	while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9') {
		uint64_t digit = (uint64_t)(*scanner->at - '0');

		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return false;
		scanner->at++;
	}
	if (scanner->at == start || (*start == '0' && scanner->at - start > 1))
		return false;
	*ret_number = number;
	return true;
}

/* All lines before the one that begins with "done ". */
static bool take_identity(struct scanner *scanner, char **ret_identity)
{
	static const char next[] = "\ndone ";
	const char *found =
		memmem(scanner->at, (size_t)(scanner->end - scanner->at), next, sizeof(next) - 1);

	if (!found || memchr(scanner->at, '\0', (size_t)(found - scanner->at)))
		return false;
	*ret_identity = strndup(scanner->at, (size_t)(found + 1 - scanner->at));
	scanner->at = found + 1;
	return true;
}

static int parse_rest(struct scanner *scanner, struct resume *resume)
{
	if (!take(scanner, "done ") || !take_number(scanner, &resume->done) || !take(scanner, "\n"))
		return -EINVAL;
	while (take(scanner, "unreadable ")) {
		uint64_t offset;
		uint64_t length;
		int result;

		if (!take_number(scanner, &offset) || !take(scanner, " ") ||
		    !take_number(scanner, &length) || !take(scanner, "\n") ||
		    offset >= resume->done || length > resume->done - offset)
			return -EINVAL;
		result = ranges_add(&resume->unreadable, offset, length);
		if (result < 0)
			return result == -ENOMEM ? result : -EINVAL;
	}
	return take(scanner, "end\n") && scanner->at == scanner->end ? 0 : -EINVAL;
}

int resume_parse(const char *text, size_t size, struct resume *ret_resume)
{
	struct scanner scanner = {.at = text, .end = text + size};
	struct resume resume = {0};
	int result = -EINVAL;

	if (!take(&scanner, head) || !take_identity(&scanner, &resume.identity))
		return -EINVAL;
	if (!resume.identity)
		return -ENOMEM;
	result = parse_rest(&scanner, &resume);
	if (result < 0)
		resume_clear(&resume);
	else
		*ret_resume = resume;
	return result;
}

char *resume_format(const char *identity, uint64_t done, const struct ranges *unreadable)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool bad;

	if (!out)
		return NULL;
	(void)fprintf(out, "%s%sdone %" PRIu64 "\n", head, identity, done);
	for (size_t i = 0; i < unreadable->count; i++)
		(void)fprintf(out, "unreadable %" PRIu64 " %" PRIu64 "\n",
			      unreadable->table[i].offset, unreadable->table[i].length);
	(void)fputs("end\n", out);
	bad = ferror(out) != 0;
	if (fclose(out) != 0 || bad) {
		free(text);
		return NULL;
	}
	return text;
}

bool resume_differs(const char *a, const char *b, struct resume_name *ret_name)
{
	size_t same = 0;
	size_t start;
	size_t length;

	while (a[same] && a[same] == b[same])
		same++;
	if (a[same] == b[same])
		return false;
	start = same;
	while (start > 0 && a[start - 1] != '\n')
		start--;
	length = strcspn(a + start, " \n");
	if (length >= sizeof(ret_name->text))
		length = sizeof(ret_name->text) - 1;
	memcpy(ret_name->text, a + start, length);
	ret_name->text[length] = '\0';
	return true;
}
