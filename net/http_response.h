/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer to a request, and how large one may be.
 *
 * Threads: a response belongs to the thread that received it.
 */
#ifndef ADEFUSE_NET_HTTP_RESPONSE_H
#define ADEFUSE_NET_HTTP_RESPONSE_H

#include <stdint.h>

#include "base/secret.h"

enum {
	HTTP_BODY_MAX = 1 << 20,     /* bytes; a page of a listing has some 20 KiB */
	HTTP_HEADERS_MAX = 64 << 10, /* bytes, all headers together */
	HTTP_HEADER_COUNT_MAX = 256,
};

struct http_response {
	int status;
	struct secret *body;	/* never NULL in an answer: bodies carry secrets */
	char *www_authenticate; /* all of them, joined by ", "; NULL when there is none */
	int64_t retry_after;	/* seconds; -1 when missing or not understood */
};

/* Free what is in it; not the struct. */
static inline void http_response_clear(struct http_response *response)
{
	secret_free(response->body);
	free(response->www_authenticate);
	*response = (struct http_response){0};
}
DEFINE_CLEAR(struct http_response, http_response_clear)

#endif
