/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An answer while it arrives: libcurl's callbacks, which collect it and end the transfer when it is
 * too large or somebody interrupts.
 *
 * Each callback takes a struct http_reception as its context. Threads: the one that performs the
 * transfer.
 */
#ifndef ADEFUSE_NET_HTTP_RECEPTION_H
#define ADEFUSE_NET_HTTP_RECEPTION_H

#include <signal.h>
#include <stdbool.h>

#include "net/http_response.h"
#include "net/libcurl.h"

/* Why a callback ended a transfer. */
enum http_abort {
	HTTP_ABORT_NONE,
	HTTP_ABORT_BODY,
	HTTP_ABORT_HEADERS,
	HTTP_ABORT_MEMORY,
	HTTP_ABORT_INTERRUPTED,
};

struct http_reception {
	const volatile sig_atomic_t *interrupted; /* may be NULL */
	struct http_response response;
	size_t header_bytes;
	unsigned int header_count;
	bool headers_ended; /* the empty line has arrived */
	enum http_abort abort;
};

/* CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION, CURLOPT_XFERINFOFUNCTION. */
size_t http_reception_on_body(char *data, size_t unit, size_t count, void *context);
size_t http_reception_on_header(char *line, size_t unit, size_t count, void *context);
int http_reception_on_progress(void *context, curl_off_t download_total, curl_off_t downloaded,
			       curl_off_t upload_total, curl_off_t uploaded);

#endif
