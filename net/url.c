/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict https URLs on top of libcurl's URL API; see url.h. */
#include "net/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text/hex.h"
#include "net/libcurl.h"

enum {
	HTTP_PORT = 80,
	HTTPS_PORT = 443,
	HOST_MAX = 253, /* a DNS name */
};

static int refuse(struct err *err, const char *why)
{
	return err_set(err, ERR_USAGE, EINVAL, "not a usable https URL: %s", why);
}

/* %XX only, and none that stands for a control character. */
static bool percent_ok(const char *text)
{
	for (const char *p = strchr(text, '%'); p; p = strchr(p + 1, '%')) {
		if (hex_digit((unsigned char)p[1]) < 0 || hex_digit((unsigned char)p[2]) < 0)
			return false;
		if (p[1] == '0' || p[1] == '1' || (p[1] == '7' && (p[2] | 0x20) == 'f'))
			return false;
	}
	return true;
}

/* Before the library sees the text: it accepts most of these. */
static const char *reject_text(const char *text, const char *scheme)
{
	const char *rest = text + strlen(scheme);
	size_t length = strnlen(text, URL_TEXT_MAX + 1);

	if (length > URL_TEXT_MAX)
		return "it is too long";
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= 0x20 || c >= 0x7f)
			return "it has white space, control characters or bytes outside ASCII";
		if (c == '\\')
			return "it has a backslash";
	}
	if (strncasecmp(text, scheme, strlen(scheme)) != 0)
		return strcmp(scheme, "https://") == 0 ? "it does not begin with https://"
						       : "it does not begin with http://";
	if (*rest == '/' || *rest == '\0')
		return "it has no host";
	if (strchr(text, '#'))
		return "it has a fragment";
	if (!percent_ok(rest))
		return "its percent-encoding is broken or hides a control character";
	if (memchr(rest, '%', strcspn(rest, "/?")))
		return "its host is percent-encoded";
	return NULL;
}

/* A DNS name or IPv4 address in plain ASCII, without empty labels. */
static bool host_ok(const char *host)
{
	size_t length = strlen(host);
	size_t label = 0;

	if (length == 0 || length > HOST_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = host[i];

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
		if (++label > 63)
			return false;
	}
	return label > 0;
}

static bool ipv6_ok(const char *address)
{
	return *address && strspn(address, "0123456789abcdef:.") == strlen(address);
}

static void lower(char *text)
{
	for (; *text; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + ('a' - 'A'));
	}
}

/* A part as a malloc'ed copy, so that everything here is freed by free(). */
static int get_part(CURLU *handle, CURLUPart part, unsigned int flags, char **ret_text)
{
	char *part_text = NULL;
	CURLUcode code = curl_url_get(handle, part, &part_text, flags);

	if (code == CURLUE_NO_QUERY)
		return -ENOENT;
	if (code != CURLUE_OK)
		return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
	*ret_text = strdup(part_text);
	curl_free(part_text);
	return *ret_text ? 0 : -ENOMEM;
}

static int take_host(CURLU *handle, struct url *url, struct err *err)
{
	int result = get_part(handle, CURLUPART_HOST, 0, &url->host);
	char *zone = NULL;
	size_t length;

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return refuse(err, "its host cannot be read");
	if (curl_url_get(handle, CURLUPART_ZONEID, &zone, 0) != CURLUE_NO_ZONEID) {
		curl_free(zone);
		return refuse(err, "an IPv6 zone is not allowed");
	}
	lower(url->host);
	length = strlen(url->host);
	if (url->host[0] == '[' && url->host[length - 1] == ']') {
		memmove(url->host, url->host + 1, length - 2);
		url->host[length - 2] = '\0';
		url->ipv6 = true;
	}
	if (url->ipv6 ? !ipv6_ok(url->host) : !host_ok(url->host))
		return refuse(err, "its host is malformed");
	return 0;
}

static int take_port(CURLU *handle, struct url *url, struct err *err)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(handle, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT);
	unsigned long port = 0;

	if (code == CURLUE_OUT_OF_MEMORY)
		return err_nomem(err);
	if (code == CURLUE_OK)
		port = strtoul(text, NULL, 10);
	curl_free(text);
	if (port == 0 || port > UINT16_MAX)
		return refuse(err, "its port is out of range");
	url->port = (uint16_t)port;
	return 0;
}

static int take_rest(CURLU *handle, struct url *url, struct err *err)
{
	int result = get_part(handle, CURLUPART_PATH, 0, &url->path);

	if (result == 0) {
		result = get_part(handle, CURLUPART_QUERY, 0, &url->query);
		if (result == -ENOENT)
			result = 0;
	}
	if (result == -ENOMEM)
		return err_nomem(err);
	return result == 0 ? 0 : refuse(err, "its path or query cannot be read");
}

static int parse_parts(const char *text, struct url *url, struct err *err)
{
	CURLU *handle = NULL;
	CURLUcode code;
	int result = libcurl_load(err);

	if (result != 0)
		return result;
	handle = curl_url();
	if (!handle)
		return err_nomem(err);
	code = curl_url_set(handle, CURLUPART_URL, text, CURLU_DISALLOW_USER);
	if (code == CURLUE_OUT_OF_MEMORY)
		result = err_nomem(err);
	else if (code != CURLUE_OK)
		result = refuse(err, curl_url_strerror(code));
	if (result == 0)
		result = take_host(handle, url, err);
	if (result == 0)
		result = take_port(handle, url, err);
	if (result == 0)
		result = take_rest(handle, url, err);
	curl_url_cleanup(handle);
	return result;
}

static int parse(const char *text, const char *scheme, struct url **ret_url, struct err *err)
{
	const char *why = reject_text(text, scheme);
	struct url *url CLEANUP(url_free) = NULL;
	int result;

	if (why)
		return refuse(err, why);
	url = calloc(1, sizeof(*url));
	if (!url)
		return err_nomem(err);
	result = parse_parts(text, url, err);
	if (result == 0)
		*ret_url = TAKE(url);
	return result;
}

int url_parse(const char *text, struct url **ret_url, struct err *err)
{
	return parse(text, "https://", ret_url, err);
}

static bool is_local(const struct url *url)
{
	struct in6_addr six;
	struct in_addr four;

	if (!url->host)
		return false;
	if (url->ipv6)
		return inet_pton(AF_INET6, url->host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
	if (strcmp(url->host, "localhost") == 0)
		return true;
	return inet_pton(AF_INET, url->host, &four) == 1 &&
	       (ntohl(four.s_addr) >> 24 == 127 || ntohl(four.s_addr) >> 16 == 0xa9fe);
}

int url_parse_local(const char *text, struct url **ret_url, struct err *err)
{
	struct url *url CLEANUP(url_free) = NULL;
	int result = parse(text, "http://", &url, err);

	if (result == -EINVAL)
		return err_set(err, ERR_USAGE, EINVAL, "not a usable http URL of this machine");
	if (result != 0 || !url)
		return result;
	if (!is_local(url))
		return err_set(err, ERR_USAGE, EINVAL,
			       "'%s' is neither this machine (loopback) nor on its link "
			       "(169.254.0.0/16); nothing is sent to it",
			       url->host);
	url->plain = true;
	*ret_url = TAKE(url);
	return 0;
}

void url_free(struct url *url)
{
	if (!url)
		return;
	free(url->host);
	free(url->path);
	free(url->query);
	free(url);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->plain == b->plain && a->ipv6 == b->ipv6 && a->port == b->port &&
	       strcmp(a->host, b->host) == 0;
}

char *url_origin(const struct url *url)
{
	const char *open = url->ipv6 ? "[" : "";
	const char *close = url->ipv6 ? "]" : "";
	const char *scheme = url->plain ? "http" : "https";
	char *text;
	int result;

	if (url->port == (url->plain ? HTTP_PORT : HTTPS_PORT))
		result = asprintf(&text, "%s://%s%s%s", scheme, open, url->host, close);
	else
		result = asprintf(&text, "%s://%s%s%s:%u", scheme, open, url->host, close,
				  url->port);
	return result < 0 ? NULL : text;
}

char *url_format(const struct url *url)
{
	char *origin CLEANUP(free) = url_origin(url);
	char *text;

	if (!origin)
		return NULL;
	if (asprintf(&text, "%s%s%s%s", origin, url->path, url->query ? "?" : "",
		     url->query ? url->query : "") < 0)
		return NULL;
	return text;
}

struct url *url_at(const struct url *origin, const char *path, const char *query)
{
	struct url *url = calloc(1, sizeof(*url));

	if (!url)
		return NULL;
	url->host = strdup(origin->host);
	url->ipv6 = origin->ipv6;
	url->plain = origin->plain;
	url->port = origin->port;
	url->path = strdup(path);
	url->query = query ? strdup(query) : NULL;
	if (!url->host || !url->path || (query && !url->query)) {
		url_free(url);
		return NULL;
	}
	return url;
}
