/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Run a program without a shell and keep what it prints in locked memory. Threads: any; the caller
 * waits.
 */
#ifndef ADEFUSE_ENTRA_CREDENTIAL_PROGRAM_H
#define ADEFUSE_ENTRA_CREDENTIAL_PROGRAM_H

#include <signal.h>
#include <stdint.h>

#include "base/secret.h"

enum {
	PROGRAM_OUTPUT_MAX = 64 << 10 /* of each stream, bytes */
};

struct program_result {
	int status;		/* exit status; 128 + N when a signal ended it */
	struct secret *output;	/* standard output */
	struct secret *message; /* standard error, cut to its cap: may name secrets, is not shown */
};

void program_result_clear(struct program_result *result);
DEFINE_CLEAR(struct program_result, program_result_clear)

/*
 * `argv` is looked up along PATH; standard input is empty. It runs in a process group of its own,
 * which is killed when it fails here. 0 when it ran to its end; -ENOENT there is no such program;
 * -ETIMEDOUT; -EMSGSIZE too much output; -EINTR `*interrupted` (may be NULL) was set; -errno.
 */
int program_run(char *const argv[], int64_t timeout_ms, const volatile sig_atomic_t *interrupted,
		struct program_result *ret_result);

#endif
