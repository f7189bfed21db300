/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests with retry; see fetch.h. */
#include "net/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"

void fetch_result_clear(struct fetch_result *result)
{
	http_response_clear(&result->response);
}

static int attempt(const struct fetcher *fetcher, const struct http_request *request,
		   const struct retry *retry, struct http_response *ret_response, struct err *err)
{
	struct http_request timed = *request;

	timed.timeout_ms = retry_attempt_ms(retry_left_ms(retry));
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
static int64_t seconds(int64_t ms)
{
	return (ms + 999) / 1000;
}

/*
 * On a terminal the wait is shown as a line that counts down and goes away; elsewhere it is logged
 * once, with -v. 0, -EINTR, or -ETIMEDOUT when there is no time for a wait.
 */
static int wait_again(struct retry *retry, const char *why, int64_t retry_after)
{
	const struct retry_clock *clock = &retry->policy->clock;
	int64_t wait = retry_plan(retry, retry_after);
	int result = 0;

	if (wait < 0)
		return (int)wait;
	log_info("%s, trying again in %" PRId64 " s, %" PRId64 " s left", why, seconds(wait),
		 seconds(retry_left_ms(retry)));
	while (wait > 0 && result == 0) {
		int64_t piece = wait < 1000 ? wait : 1000;

		log_progress("%s, trying again in %" PRId64 " s, %" PRId64 " s left", why,
			     seconds(wait), seconds(retry_left_ms(retry)));
		result = clock->sleep_ms(clock, piece);
		wait -= piece;
	}
	log_progress_end();
	return result;
}

int fetch(const struct fetcher *fetcher, const struct http_request *request,
	  struct fetch_result *ret_result, struct err *err)
{
	struct fetch_result outcome = {0};
	unsigned int attempts = 0;
	struct retry retry;
	int result;

	retry_start(&retry, &fetcher->policy);
	for (;;) {
		char why[320];
		int waited;

		fetch_result_clear(&outcome);
		outcome.response.retry_after = -1;
		result = attempt(fetcher, request, &retry, &outcome.response, err);
		attempts++;
		if (!retry_wanted(result, outcome.response.status))
			break;
		describe(request, result, outcome.response.status, why, sizeof(why));
		waited = wait_again(&retry, why, outcome.response.retry_after);
		if (waited == -EINTR) {
			fetch_result_clear(&outcome);
			return err_set(err, ERR_OTHER, EINTR, "interrupted");
		}
		if (waited != 0)
			break;
	}
	outcome.elapsed_ms = retry_elapsed_ms(&retry);
	if (result != 0) {
		if (attempts > 1)
			err_prefix(err, "after %u attempts", attempts);
		return result;
	}
	*ret_result = outcome;
	return 0;
}
