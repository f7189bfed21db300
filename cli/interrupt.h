/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ctrl-C and its like for commands that work long: noted, so that the command ends in its own order
 * and says how far it came. A second one ends it at once.
 *
 * Threads: the flag is read from any; the rest is called from one.
 */
#ifndef ADEFUSE_CLI_INTERRUPT_H
#define ADEFUSE_CLI_INTERRUPT_H

#include <stdbool.h>

/*
 * From here on SIGINT, SIGTERM and SIGHUP are noted; not SIGHUP when it was ignored (nohup).
 * With `restart` system calls go on behind one; without it those that wait fail with EINTR.
 */
void interrupt_watch(bool restart);

/* They end the process again. */
void interrupt_unwatch(void);

/* The signal that came; 0: none. */
int interrupt_caught(void);

/* All has been put away: die of the signal that came, for the shell to see. Nothing without one. */
void interrupt_pass_on(void);

#endif
