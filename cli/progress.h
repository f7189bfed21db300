/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far it has come with what takes long: share, rate, time left. A bar on the terminal;
 * elsewhere, for those who ask for it, a line of its own every half minute. One thread.
 */
#ifndef ADEFUSE_CLI_PROGRESS_H
#define ADEFUSE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	char label[32];	  /* what is worked on */
	uint64_t started; /* monotonic, milliseconds */
	uint64_t shown;	  /* when it was last drawn */
	uint64_t from;	  /* of `done`: what had been done before it started */
	bool lines;	  /* where no bar is shown, say it in plain lines */
};

/* `from` and `lines` are the caller's to set, before or after. */
void progress_start(struct progress *progress, const char *label);

/* Draw it anew, a few times a second at most, where cli/logger.h shows progress at all. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total);

/* Take it off the terminal. */
void progress_end(void);

/*
 * The line, without its terminal: "p3: [########--------] 50 % of 24.0 MiB, 61.2 MiB/s, 0:12 left".
 * `elapsed` in milliseconds; with none or nothing done the rate and the time left are left out. The
 * first `from` bytes count for the share, not for the rate.
 */
struct progress_text {
	char text[128];
};
struct progress_text progress_format(const char *label, uint64_t from, uint64_t done,
				     uint64_t total, uint64_t elapsed);

#endif
