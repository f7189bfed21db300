/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One HTTPS request and its answer, over libcurl.
 *
 * TLS 1.2 or newer, always verified; no redirects, cookies, netrc or compressed bodies; proxies
 * from the environment. HTTP/1.1 only: requests to Key Vault and Entra come one at a time for each
 * struct http, and the HTTP/2 library keeps headers and bodies in memory that cannot be wiped.
 * Bodies are secrets, because secrets come in them; the library's own buffers come from memory that
 * is wiped when freed. Only method, URL path, status and size are logged.
 *
 * A request to a URL made by url_parse_local() is plain http, as managed identities speak it: GET
 * only, without a bearer token, past every proxy, and only when the address that is connected to is
 * this machine's or its link's.
 *
 * Threads: one thread uses a struct http at a time; http_clone() makes one for each of several.
 * Connections are kept between requests, for each struct its own.
 */
#ifndef ADEFUSE_NET_HTTP_H
#define ADEFUSE_NET_HTTP_H

#include <signal.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "net/http_response.h"
#include "net/url.h"

enum {
	HTTP_CONNECT_MS = 15000,
	HTTP_LOCAL_HEADERS_MAX = 2,
};

struct http;

struct http_options {
	const char *ca_file; /* PEM certificates trusted besides the system's; may be NULL */
	const volatile sig_atomic_t *interrupted; /* a request ends when it is set; may be NULL */
};

/*
 * The system's certificates are those of SSL_CERT_FILE and SSL_CERT_DIR when they are set. -EINVAL
 * with ERR_USAGE when a file named cannot be read or holds no certificate.
 */
int http_new(const struct http_options *options, struct http **ret_http, struct err *err);

/*
 * Another one like `http`, for another thread. It shares the certificates, so `http` outlives it.
 * `interrupted` is its own; it may be set by a thread, atomically.
 */
int http_clone(const struct http *http, const volatile sig_atomic_t *interrupted,
	       struct http **ret_http, struct err *err);
void http_free(struct http *http);
DEFINE_CLEANUP(struct http, http_free)

struct http_request {
	const char *method; /* "GET" or "POST" */
	const struct url *url;
	const struct secret *bearer; /* token for the Authorization header; may be NULL */
	/* Header lines ("Name: value") of a request in plain http; NULL for none. */
	const struct secret *local_headers[HTTP_LOCAL_HEADERS_MAX];
	const struct secret *body; /* POST only; NULL sends an empty one */
	const char *content_type;  /* of the body; may be NULL */
	int64_t timeout_ms;	   /* for the whole request; must be positive */
};

/* "START" and VALUE as a header line for `local_headers`; NULL when out of memory. */
struct secret *http_header(const char *start, const void *value, size_t size);

/*
 * Send and receive. 0 with any status; else, with ERR_NETWORK:
 * -ENXIO the host does not exist; -EHOSTUNREACH it cannot be looked up or reached; -ECONNREFUSED;
 * -EHOSTDOWN no connection in time; -ETIMEDOUT connected, but no whole answer in time;
 * -ECONNRESET cut; -EKEYREJECTED TLS not trusted; -EPROTO not understood (TLS or HTTP);
 * -EMSGSIZE the answer is too big; -EINTR interrupted; -ENOMEM; -EINVAL a request in plain http
 * that is more than a GET with headers.
 */
int http_send(struct http *http, const struct http_request *request,
	      struct http_response *ret_response, struct err *err);

#endif
