/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SRC: where a secret is read from, so that none is on a command line. `file:PATH`, `env:NAME`,
 * `fd:N` or `prompt`, as OpenSSL's -passin has it. One thread.
 */
#ifndef ADEFUSE_OPEN_SECRET_SOURCE_H
#define ADEFUSE_OPEN_SECRET_SOURCE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

struct open_caller;

/* Largest secret that is read: a password or a token, not a disk. Bytes. */
enum {
	SECRET_SOURCE_MAX = 64 * 1024
};

/*
 * Read the secret; `what` names it for people ("recovery password"). One closing line end is
 * dropped, unless the `whole` of it counts: a key may be binary, and end in what looks like a line
 * end. `prompt` asks the caller's person. The variable of env:NAME is wiped, so that child
 * processes do not inherit it. Errors are ERR_USAGE: not a SRC, unreadable, empty, too long.
 */
int secret_source_read(const char *source, const char *what, bool whole,
		       const struct open_caller *caller, struct secret **ret_secret,
		       struct err *err);

/*
 * Overwrite a variable's value where the process was given it, and unset it: /proc/PID/environ and
 * memory dumps show it otherwise for as long as the process lives. Does nothing when it is not set.
 */
void secret_environment_wipe(const char *name);

/* A whole small file, every byte of it: a BEK. Same errors. */
int secret_file_read(const char *path, struct secret **ret_secret, struct err *err);

#endif
