/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ctrl-C and the like during long work: the signal is noted, so that the command can end in order
 * and say how far it came. A second one ends the process at once.
 *
 * Threads: the flag is read from any; the rest is called from one.
 */
#ifndef ADEFUSE_CLI_TERMINAL_INTERRUPT_H
#define ADEFUSE_CLI_TERMINAL_INTERRUPT_H

#include <stdbool.h>

/*
 * From here on SIGINT, SIGTERM and SIGHUP are noted; SIGHUP is not when it was ignored (nohup).
 * With `restart` system calls go on after one; without it those that wait fail with EINTR.
 */
void interrupt_watch(bool restart);

/* They end the process again. */
void interrupt_unwatch(void);

/* The signal that came; 0: none. */
int interrupt_caught(void);

/* After cleaning up: die of the signal that came, so that the shell sees it. Without one: nothing.
 */
void interrupt_pass_on(void);

#endif
