/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BEK files, and folders of them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/log.h"
#include "open/secret_source.h"
#include "open/way.h"

static int try_file(struct attempt *attempt, const char *path, struct err *err)
{
	struct secret *bek CLEANUP(secret_free) = NULL;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	char what[ERR_TEXT_MAX / 2];
	int result = secret_file_read(path, &bek, err);

	if (result < 0)
		return result;
	(void)snprintf(what, sizeof(what), "BEK file '%s'", path);
	result = bde_key_from_bek(secret_bytes(bek), secret_size(bek), what, &key, err);
	if (result == 0)
		(void)attempt_try_key(attempt, key, bek, NULL);
	return result;
}

static int is_bek_name(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && strcasecmp(entry->d_name + length - 4, ".bek") == 0;
}

/* Every BEK file of a folder. One that is damaged is skipped with a warning. */
static int try_folder(struct attempt *attempt, const char *path, struct err *err)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_bek_name, alphasort);

	if (count < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot list '%s'", path);
	if (count == 0) {
		struct err none = {0};

		err_set(&none, ERR_KEY, ENOKEY, "directory '%s' holds no .BEK file", path);
		err_hint(&none, "--bek takes a .BEK file or a directory of them");
		attempt_note_misfit(attempt, &none);
	}
	for (int i = 0; i < count; i++) {
		char file[4096];
		struct err why = {0};
		int length = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);

		if (length > 0 && (size_t)length < sizeof(file) && attempt_wants_any(attempt) &&
		    try_file(attempt, file, &why) < 0)
			log_warning("%s", why.message);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int way_bek(struct attempt *attempt, const struct open_key *given, struct err *err)
{
	struct stat st;

	if (stat(given->value, &st) != 0) {
		int result = err_errno(err, ERR_USAGE, errno, "BEK file '%s'", given->value);

		err_hint(err, "--bek takes a .BEK file or a directory of them");
		return result;
	}
	return S_ISDIR(st.st_mode) ? try_folder(attempt, given->value, err)
				   : try_file(attempt, given->value, err);
}
