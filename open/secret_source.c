/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a secret from where SRC says; see secret_source.h. */
#include "open/secret_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/smallfile.h"
#include "open/open.h"

static int too_long(struct err *err, const char *what)
{
	err_set(err, ERR_USAGE, EFBIG, "%s is too long for a secret (more than %d bytes)", what,
		SECRET_SOURCE_MAX);
	err_hint(err, "name the file that holds the key; the disk comes after the options");
	return -EFBIG;
}

static int read_all(int fd, const char *what, struct secret **ret_secret, struct err *err)
{
	int result = smallfile_read_fd(fd, SECRET_SOURCE_MAX - 1, ret_secret);

	if (result == -EFBIG)
		return too_long(err, what);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result < 0)
		return err_errno(err, ERR_USAGE, -result, "cannot read %s", what);
	return 0;
}

int secret_file_read(const char *path, struct secret **ret_secret, struct err *err)
{
	char what[ERR_TEXT_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int result;

	if (fd < 0) {
		int error = errno;

		err_errno(err, ERR_USAGE, error, "cannot open '%s'", path);
		err_hint(
			err,
			error == EACCES
				? "check its permissions, or make a copy of your own with mode 0600"
				: "check the path: it must name the file that holds the key");
		return -error;
	}
	(void)snprintf(what, sizeof(what), "'%s'", path);
	result = read_all(fd, what, ret_secret, err);
	(void)close(fd);
	return result;
}

void secret_environment_wipe(const char *name)
{
	char *value = getenv(name);

	if (!value)
		return;
	secret_wipe(value, strlen(value));
	(void)unsetenv(name);
}

static int from_environment(const char *name, struct secret **ret_secret, struct err *err)
{
	const char *value = getenv(name);
	struct secret *secret;

	if (!value) {
		err_set(err, ERR_USAGE, ENOENT, "environment variable '%s' is not set", name);
		err_hint(err, "export it, or use file:PATH or prompt");
		return -ENOENT;
	}
	if (strlen(value) >= SECRET_SOURCE_MAX)
		return err_set(err, ERR_USAGE, EFBIG, "environment variable '%s' is too long",
			       name);
	secret = secret_copy(value, strlen(value));
	if (!secret)
		return err_nomem(err);
	secret_environment_wipe(name);
	*ret_secret = secret;
	return 0;
}

static int from_fd(const char *number, struct secret **ret_secret, struct err *err)
{
	char what[64];
	char *end;
	long fd;

	errno = 0;
	fd = strtol(number, &end, 10);
	if (errno || *end || end == number || fd < 0 || fd > INT_MAX) {
		err_set(err, ERR_USAGE, EINVAL, "'fd:%s' is not a file descriptor", number);
		err_hint(err, "for example: fd:3, with 3<FILE at the end of the command");
		return -EINVAL;
	}
	(void)snprintf(what, sizeof(what), "file descriptor %ld", fd);
	return read_all((int)fd, what, ret_secret, err);
}

static int from_person(const struct open_caller *caller, const char *what,
		       struct secret **ret_secret, struct err *err)
{
	if (caller->ask)
		return caller->ask(caller->context, what, ret_secret, err);
	err_set(err, ERR_USAGE, ENOTTY, "nobody can be asked for the %s here", what);
	err_hint(err, "give it as file:PATH, env:NAME or fd:N");
	return -ENOTTY;
}

static void drop_line_end(struct secret *secret)
{
	size_t size = secret_size(secret);
	const uint8_t *bytes = secret_bytes(secret);

	if (size > 0 && bytes[size - 1] == '\n')
		size--;
	if (size > 0 && bytes[size - 1] == '\r')
		size--;
	secret_truncate(secret, size);
}

static int read_source(const char *source, const char *what, const struct open_caller *caller,
		       struct secret **ret_secret, struct err *err)
{
	if (strncmp(source, "file:", 5) == 0)
		return secret_file_read(source + 5, ret_secret, err);
	if (strncmp(source, "env:", 4) == 0)
		return from_environment(source + 4, ret_secret, err);
	if (strncmp(source, "fd:", 3) == 0)
		return from_fd(source + 3, ret_secret, err);
	if (strcmp(source, "prompt") == 0)
		return from_person(caller, what, ret_secret, err);
	/* not repeated here: it may be the secret itself, typed where SRC belongs */
	err_set(err, ERR_USAGE, EINVAL, "the %s was not given as file:, env:, fd: or prompt", what);
	err_hint(err, "do not put a secret on the command line, where every user can read it: use "
		      "file:PATH, env:NAME, fd:N or prompt");
	return -EINVAL;
}

int secret_source_read(const char *source, const char *what, bool whole,
		       const struct open_caller *caller, struct secret **ret_secret,
		       struct err *err)
{
	struct secret *secret CLEANUP(secret_free) = NULL;
	int result = read_source(source, what, caller, &secret, err);

	if (result < 0)
		return result;
	if (!whole)
		drop_line_end(secret);
	if (secret_size(secret) == 0)
		return err_set(err, ERR_USAGE, EINVAL, "the %s is empty", what);
	*ret_secret = TAKE(secret);
	return 0;
}
