/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OUT.unreadable; see unreadable.h. */
#include "export/unreadable.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/smallfile.h"

static const char list_head[] = "# adefuse export: bytes of the disk that could not be read";

int unreadable_check(const char *path, bool force, struct err *err)
{
	char head[sizeof(list_head)] = "";
	FILE *file = fopen(path, "re");
	bool ours;

	if (!file)
		return 0;
	ours = fgets(head, sizeof(head), file) && strcmp(head, list_head) == 0;
	(void)fclose(file);
	if (ours || force)
		return 0;
	err_set(err, ERR_USAGE, EEXIST, "'%s' exists, and was not written by an export", path);
	err_hint(err, "use --force to replace it, or name another output");
	return -EEXIST;
}

int unreadable_write(const char *path, const struct ranges *ranges, struct err *err)
{
	char *text CLEANUP(free) = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int result;

	if (!out)
		return err_nomem(err);
	(void)fprintf(out, "%s, and are zeros in the copy\n# OFFSET LENGTH\n", list_head);
	for (size_t i = 0; i < ranges->count; i++)
		(void)fprintf(out, "%" PRIu64 " %" PRIu64 "\n", ranges->table[i].offset,
			      ranges->table[i].length);
	if (fclose(out) != 0)
		return err_nomem(err);
	result = smallfile_replace(path, text);
	if (result < 0)
		err_errno(err, ERR_OTHER, -result, "cannot write '%s'", path);
	return result;
}
