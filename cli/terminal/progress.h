/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far long work has come: share, rate, time left. A bar on the terminal; elsewhere, if asked
 * for, a line every half minute. One thread.
 */
#ifndef ADEFUSE_CLI_TERMINAL_PROGRESS_H
#define ADEFUSE_CLI_TERMINAL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	char label[32];	  /* what is worked on */
	uint64_t started; /* monotonic, milliseconds */
	uint64_t shown;	  /* when it was last drawn */
	uint64_t from;	  /* of `done`: what had been done before it started */
	bool lines;	  /* where no bar is shown, print plain lines */
};

/* `from` and `lines` are the caller's to set, before or after. */
void progress_start(struct progress *progress, const char *label);

/* Draw it again, a few times a second at most, where cli/terminal/logger.h shows progress at all.
 */
void progress_show(struct progress *progress, uint64_t done, uint64_t total);

/* Take it off the terminal. */
void progress_end(void);

/*
 * The text of the bar: "p3: [########--------] 50 % of 24.0 MiB, 61.2 MiB/s, 0:12 left". `elapsed`
 * in milliseconds; in the first second, and while nothing is done, without the rate and the time
 * left. The first `from` bytes count for the share, not for the rate.
 */
struct progress_text {
	char text[128];
};
struct progress_text progress_format(const char *label, uint64_t from, uint64_t done,
				     uint64_t total, uint64_t elapsed);

#endif
