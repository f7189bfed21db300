/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collecting an answer; see http_reception.h. */
#include "net/http_reception.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

size_t http_reception_on_body(char *data, size_t unit, size_t count, void *context)
{
	struct http_reception *reception = context;
	size_t size = unit * count;
	int result;

	if (size > HTTP_BODY_MAX - secret_size(reception->response.body)) {
		reception->abort = HTTP_ABORT_BODY;
		return 0;
	}
	result = secret_append(&reception->response.body, data, size);
	if (result != 0) {
		reception->abort = HTTP_ABORT_MEMORY;
		return 0;
	}
	return size;
}

/* The value when the line is this header; trimmed, not terminated. */
static const char *header_value(const char *line, size_t size, const char *name, size_t *ret_size)
{
	size_t length = strlen(name);

	if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
		return NULL;
	line += length + 1;
	size -= length + 1;
	while (size > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		size--;
	}
	while (size > 0 && strchr(" \t\r\n", line[size - 1]))
		size--;
	*ret_size = size;
	return line;
}

static bool join_authenticate(struct http_response *response, const char *value, size_t size)
{
	char *old = response->www_authenticate;
	char *joined;

	if (asprintf(&joined, "%s%s%.*s", old ? old : "", old ? ", " : "", (int)size, value) < 0)
		return false;
	free(old);
	response->www_authenticate = joined;
	return true;
}

/* Seconds, or a date (RFC 9110, 10.2.3). */
static int64_t parse_retry_after(const char *value, size_t size)
{
	char text[64];
	time_t date;
	time_t now = time(NULL);

	if (size == 0 || size >= sizeof(text))
		return -1;
	memcpy(text, value, size);
	text[size] = '\0';
	if (strspn(text, "0123456789") == size)
		return size > 9 ? INT32_MAX : strtol(text, NULL, 10);
	date = curl_getdate(text, NULL);
	if (date == (time_t)-1)
		return -1;
	return date > now ? date - now : 0;
}

/* A status line: what came before belonged to an interim answer. */
static void begin_headers(struct http_reception *reception)
{
	free(TAKE(reception->response.www_authenticate));
	reception->response.retry_after = -1;
	reception->headers_ended = false;
}

size_t http_reception_on_header(char *line, size_t unit, size_t count, void *context)
{
	struct http_reception *reception = context;
	struct http_response *response = &reception->response;
	size_t size = unit * count;
	size_t length;
	const char *value;

	reception->header_bytes += size;
	if (reception->header_bytes > HTTP_HEADERS_MAX ||
	    ++reception->header_count > HTTP_HEADER_COUNT_MAX) {
		reception->abort = HTTP_ABORT_HEADERS;
		return 0;
	}
	if (size >= 5 && memcmp(line, "HTTP/", 5) == 0)
		begin_headers(reception);
	else if (line[0] == '\r' || line[0] == '\n')
		reception->headers_ended = true;
	value = header_value(line, size, "WWW-Authenticate", &length);
	if (value && !join_authenticate(response, value, length)) {
		reception->abort = HTTP_ABORT_MEMORY;
		return 0;
	}
	value = header_value(line, size, "Retry-After", &length);
	if (value)
		response->retry_after = parse_retry_after(value, length);
	return size;
}

int http_reception_on_progress(void *context, curl_off_t download_total, curl_off_t downloaded,
			       curl_off_t upload_total, curl_off_t uploaded)
{
	struct http_reception *reception = context;

	(void)download_total;
	(void)downloaded;
	(void)upload_total;
	(void)uploaded;
	if (!reception->interrupted || !__atomic_load_n(reception->interrupted, __ATOMIC_RELAXED))
		return 0;
	reception->abort = HTTP_ABORT_INTERRUPTED;
	return 1;
}
