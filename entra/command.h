/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run a program without a shell and keep what it prints in locked memory. */
#ifndef ADEFUSE_ENTRA_COMMAND_H
#define ADEFUSE_ENTRA_COMMAND_H

#include <signal.h>
#include <stdint.h>

#include "base/secret.h"

enum {
	COMMAND_OUTPUT_MAX = 64 << 10 /* of each stream, bytes */
};

struct command_result {
	int status;		/* exit status; 128 + N when a signal ended it */
	struct secret *output;	/* standard output */
	struct secret *message; /* standard error, cut to its cap: may name secrets, is not shown */
};

void command_result_clear(struct command_result *result);

static inline __attribute__((unused)) void command_result_clear_cleanup(
	struct command_result *result)
{
	command_result_clear(result);
}

/*
 * `argv` is looked up along PATH; standard input is empty. It runs in a process group of its own,
 * which is killed when it fails here. 0 when it ran to its end; -ENOENT there is no such program;
 * -ETIMEDOUT; -EMSGSIZE too much output; -EINTR `*interrupted` (may be NULL) was set; -errno.
 */
int command_run(char *const argv[], int64_t timeout_ms, const volatile sig_atomic_t *interrupted,
		struct command_result *ret_result);

#endif
