/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Going into the background without losing errors: a child does the work from the start. The parent
 * waits until the child says that it is ready, or exits with the child's exit code.
 *
 * Forking first, not after unlocking, keeps three things simple: memory locks (which fork() drops)
 * hold for every secret, no thread or network handle crosses a fork, and the child still has the
 * terminal to ask for passwords and to print errors on until it is ready.
 */
#ifndef ADEFUSE_CLI_DAEMON_H
#define ADEFUSE_CLI_DAEMON_H

#include "base/err.h"

struct daemon {
	int pipe; /* to the waiting parent; -1 when there is none */
};

/*
 * Fork. Returns 0 in the child. In the parent it returns 1 and *ret_exit, once the child is ready
 * (0) or has ended (its exit code). -errno with err when that fails.
 */
int daemon_fork(struct daemon *ret_daemon, int *ret_exit, struct err *err);

/*
 * In the child, when FUSE's signal handlers are set: leave the terminal (own session, standard
 * streams closed, log to syslog) and let the parent exit. Once. When the parent has exited already,
 * end the mount by SIGTERM.
 */
void daemon_ready(struct daemon *daemon);

#endif
