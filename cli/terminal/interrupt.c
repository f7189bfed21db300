/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals that ask to end; see interrupt.h. */
#include "cli/terminal/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

static atomic_int caught; /* 0: none. Set in a signal handler, read by any thread */

static void on_signal(int signal)
{
	caught = signal;
}

static void handle(void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction before;

		/* nohup ignores SIGHUP on purpose; a shell ignores SIGINT for its background jobs,
		   and whoever sends it to one means it */
		if (signals[i] != SIGHUP || sigaction(SIGHUP, NULL, &before) < 0 ||
		    before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
	}
}

void interrupt_watch(bool restart)
{
	handle(on_signal, (int)SA_RESETHAND | (restart ? SA_RESTART : 0));
}

void interrupt_unwatch(void)
{
	handle(SIG_DFL, 0);
}

int interrupt_caught(void)
{
	return caught;
}

void interrupt_pass_on(void)
{
	if (caught)
		(void)raise(caught);
}
