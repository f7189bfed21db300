/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests with retry; see fetch.h. */
#include "net/fetch.h"

#include <errno.h>

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

static void say_again(const struct http_request *request, int result, int status)
{
	if (result != 0)
		log_info("'%s' %s; asking again", request->url->host,
			 result == -ETIMEDOUT ? "did not answer in time" : "cut the connection");
	else
		log_info("'%s' answered HTTP %d; asking again", request->url->host, status);
}

int fetch(const struct fetcher *fetcher, const struct http_request *request,
	  struct fetch_result *ret_result, struct err *err)
{
	struct fetch_result result = {0};
	struct retry retry;
	int r;

	retry_start(&retry, &fetcher->policy);
	for (;;) {
		int waited;

		fetch_result_clear(&result);
		result.response.retry_after = -1;
		r = attempt(fetcher, request, &retry, &result.response, err);
		result.attempts++;
		if (!retry_wanted(r, result.response.status))
			break;
		waited = retry_wait(&retry, result.response.retry_after);
		if (waited == -EINTR) {
			fetch_result_clear(&result);
			return err_set(err, ERR_OTHER, EINTR, "interrupted");
		}
		if (waited != 0)
			break;
		say_again(request, r, result.response.status);
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
