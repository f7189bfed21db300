/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * https URLs, strictly: what is not plainly an https URL is refused, so that a check of the host
 * here and the connection made later cannot mean two different places. libcurl's URL parser does
 * the rest (RFC 3986).
 *
 * The one exception has a parser of its own: the endpoints of managed identities speak plain http,
 * on this machine or on its link.
 *
 * Threads: a URL may be read by any thread; it does not change.
 */
#ifndef ADEFUSE_NET_URL_H
#define ADEFUSE_NET_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

enum {
	URL_TEXT_MAX = 8192
};

struct url {
	char *host; /* lower case; IPv6 without brackets */
	bool ipv6;
	uint16_t port;
	char *path;  /* begins with '/', dot segments resolved, percent-encoding kept */
	char *query; /* without '?'; NULL when there is none */
	bool plain;  /* http, to this machine or its link: url_parse_local() alone makes one */
};

/*
 * Parse `text` (a string of printable ASCII, at most URL_TEXT_MAX bytes). Refused, with -EINVAL
 * and ERR_USAGE: other schemes, user names, fragments, control characters, white space,
 * backslashes, encoded or malformed hosts, hosts that end in a dot, IPv6 zones, broken
 * percent-encoding and encoded control characters. -ELIBACC without libcurl (net/libcurl.h).
 */
int url_parse(const char *text, struct url **ret_url, struct err *err);

/*
 * The same for http to "localhost", 127.0.0.0/8, 169.254.0.0/16 or ::1, written so: another name
 * could lead anywhere.
 */
int url_parse_local(const char *text, struct url **ret_url, struct err *err);

void url_free(struct url *url);
DEFINE_CLEANUP(struct url, url_free)

/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);

/* "https://host[:port]", the port only when it is not the scheme's own; malloc'ed, NULL when out of
 * memory. */
char *url_origin(const struct url *url);

/* The whole URL; malloc'ed, NULL when out of memory. */
char *url_format(const struct url *url);

/*
 * Another resource of the same origin. `path` begins with '/'; `query` may be NULL. Both are taken
 * as they are: the caller has checked or encoded them. NULL when out of memory.
 */
struct url *url_at(const struct url *origin, const char *path, const char *query);

#endif
