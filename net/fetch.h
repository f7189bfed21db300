/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request that is repeated as the retry policy says (retry.h). Threads: one thread uses a
 * fetcher at a time.
 */
#ifndef ADEFUSE_NET_FETCH_H
#define ADEFUSE_NET_FETCH_H

#include "net/http.h"
#include "net/retry.h"

/* What everything that talks to a service needs; the caller owns both. */
struct fetcher {
	struct http *http;
	struct retry_policy policy;
};

struct fetch_result {
	struct http_response response; /* the last one */
	int64_t elapsed_ms;
};

void fetch_result_clear(struct fetch_result *result);
DEFINE_CLEAR(struct fetch_result, fetch_result_clear)

/*
 * As http_send(), several times if need be; the request's `timeout_ms` is ignored. 0 also when the
 * last answer was worth another try (429, 503) but no time was left: the caller looks at the
 * status.
 */
int fetch(const struct fetcher *fetcher, const struct http_request *request,
	  struct fetch_result *ret_result, struct err *err);

#endif
