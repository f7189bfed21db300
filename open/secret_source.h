/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SRC: where a secret is read from, so that none stands on a command line. `file:PATH`, `env:NAME`,
 * `fd:N` or `prompt`, as OpenSSL's -passin has it.
 */
#ifndef ADEFUSE_OPEN_SECRET_SOURCE_H
#define ADEFUSE_OPEN_SECRET_SOURCE_H

#include "base/err.h"
#include "base/secret.h"

/* Largest secret that is read: a password or a token, not a disk. Bytes. */
enum {
	SECRET_SOURCE_MAX = 64 * 1024
};

/*
 * Read the secret; one closing line end is dropped. `prompt_text` is what a person is asked
 * ("recovery password"). Errors are ERR_USAGE (not a SRC, unreadable, empty). env:NAME is wiped
 * from the environment, so that child processes do not inherit it.
 */
int secret_source_read(const char *source, const char *prompt_text, struct secret **ret_secret,
		       struct err *err);

/* The same with every byte of it: a key that may be binary, and end in what looks like a line end.
 */
int secret_source_read_whole(const char *source, const char *prompt_text,
			     struct secret **ret_secret, struct err *err);

/*
 * Overwrite a variable's value where the process was given it, and unset it: /proc/PID/environ and
 * memory dumps show it otherwise for as long as the process lives. Does nothing when it is not set.
 */
void secret_environment_wipe(const char *name);

/* A whole small file, every byte of it: a BEK. Same errors. */
int secret_file_read(const char *path, struct secret **ret_secret, struct err *err);

#endif
