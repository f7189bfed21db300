/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When to ask a service again: 408, 429, 5xx and cut connections, after 1, 2, 4, 8, 16 s with
 * jitter, or after what Retry-After says, as long as a deadline is kept. Pure but for the clock,
 * which a test replaces.
 */
#ifndef ADEFUSE_NET_RETRY_H
#define ADEFUSE_NET_RETRY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_STEPS = 5,
	RETRY_BASE_MS = 1000,
	RETRY_DEADLINE_MS = 60000,
};

struct retry_clock {
	int64_t (*now_ms)(const struct retry_clock *clock); /* any origin, never set back */
	int (*sleep_ms)(const struct retry_clock *clock, int64_t duration); /* 0 or -EINTR */
	uint32_t (*random)(const struct retry_clock *clock);
	/* May be NULL; set by a signal's handler, or by another thread, atomically. */
	const volatile sig_atomic_t *interrupted;
	void *context; /* a test's */
};

/*
 * The real clock. Its sleep fails with -EINTR soon after `*interrupted` is set, by a signal's
 * handler or by another thread; other signals do not shorten it.
 */
struct retry_clock retry_system_clock(const volatile sig_atomic_t *interrupted);

struct retry_policy {
	struct retry_clock clock;
	unsigned int base_ms;	  /* first step; each is twice the one before */
	unsigned int deadline_ms; /* for all attempts and waits together */
};

/* One chain of attempts. */
struct retry {
	const struct retry_policy *policy;
	int64_t start;
	unsigned int steps;
};

void retry_start(struct retry *retry, const struct retry_policy *policy);

/* Time left for the chain in ms, 0 when it is over. */
int64_t retry_left_ms(const struct retry *retry);
int64_t retry_elapsed_ms(const struct retry *retry);

/* Whether an attempt that ended so (0 and an HTTP status, or a negative errno) is worth another. */
bool retry_wanted(int result, int status);

/*
 * How long to wait before the next attempt, in ms; the step is taken then, and the caller waits.
 * `retry_after` is what the service asked for in seconds, -1 when it did not. -ETIMEDOUT when the
 * steps are used up or the deadline does not allow the wait.
 */
int64_t retry_plan(struct retry *retry, int64_t retry_after);

/*
 * Time limit in ms for one attempt when `left` ms are left: at most half a minute, so that one
 * answer that never comes does not use up the whole deadline; at least 1, as 0 means no limit to
 * libcurl.
 */
int64_t retry_attempt_ms(int64_t left);

#endif
