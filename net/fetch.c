/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests with retry; see fetch.h. */
#include "net/fetch.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"

enum {
	/* So that one answer that never comes does not use up the whole deadline. */
	ATTEMPT_MS = 30000
};

void fetch_result_clear(struct fetch_result *result)
{
	http_response_clear(&result->response);
}

static int attempt(const struct fetcher *fetcher, const struct http_request *request,
		   const struct retry *retry, struct http_response *ret_response, struct err *err)
{
	struct http_request timed = *request;
	int64_t left = retry_left_ms(retry);

	timed.timeout_ms = left < ATTEMPT_MS ? left : ATTEMPT_MS;
	if (timed.timeout_ms < 1)
		timed.timeout_ms = 1; /* 0 means without limit to libcurl */
	return http_send(fetcher->http, &timed, ret_response, err);
}

/* "'HOST' is busy (HTTP 429)" */
static void describe(const struct http_request *request, int result, int status, char *text,
		     size_t size)
{
	const char *host = request->url->host;

	if (result == -ETIMEDOUT)
		(void)snprintf(text, size, "'%s' did not answer in time", host);
	else if (result != 0)
		(void)snprintf(text, size, "'%s' cut the connection", host);
	else if (status == 429)
		(void)snprintf(text, size, "'%s' is busy (HTTP 429)", host);
	else
		(void)snprintf(text, size, "'%s' answered HTTP %d", host, status);
}

/* Whole seconds, rounded up: it never says 0 while it waits. */
static long long seconds(int64_t ms)
{
	return (long long)((ms + 999) / 1000);
}

/*
 * On a terminal somebody watches: a line that counts down and goes away. Otherwise a line that says
 * it once, to those who asked for it. 0, -EINTR, or -ETIMEDOUT when there is no time for a wait.
 */
static int wait_again(struct retry *retry, const char *why, int64_t retry_after)
{
	const struct retry_clock *clock = &retry->policy->clock;
	int64_t wait = retry_plan(retry, retry_after);
	int r = 0;

	if (wait < 0)
		return (int)wait;
	log_info("%s, trying again in %lld s, %lld s left", why, seconds(wait),
		 seconds(retry_left_ms(retry)));
	while (wait > 0 && r == 0) {
		int64_t piece = wait < 1000 ? wait : 1000;

		log_progress("%s, trying again in %lld s, %lld s left", why, seconds(wait),
			     seconds(retry_left_ms(retry)));
		r = clock->sleep_ms(clock, piece);
		wait -= piece;
	}
	log_progress_end();
	return r;
}

int fetch(const struct fetcher *fetcher, const struct http_request *request,
	  struct fetch_result *ret_result, struct err *err)
{
	struct fetch_result result = {0};
	struct retry retry;
	int r;

	retry_start(&retry, &fetcher->policy);
	for (;;) {
		char why[320];
		int waited;

		fetch_result_clear(&result);
		result.response.retry_after = -1;
		r = attempt(fetcher, request, &retry, &result.response, err);
		result.attempts++;
		if (!retry_wanted(r, result.response.status))
			break;
		describe(request, r, result.response.status, why, sizeof(why));
		waited = wait_again(&retry, why, result.response.retry_after);
		if (waited == -EINTR) {
			fetch_result_clear(&result);
			return err_set(err, ERR_OTHER, EINTR, "interrupted");
		}
		if (waited != 0)
			break;
	}
	result.elapsed_ms = retry_elapsed_ms(&retry);
	if (r != 0) {
		if (result.attempts > 1)
			err_prefix(err, "after %u attempts", result.attempts);
		return r;
	}
	*ret_result = result;
	return 0;
}
