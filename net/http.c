/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One HTTPS request through libcurl's easy interface; see http.h. */
#include "config.h"

#include "net/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/cafile.h"
#include "net/httperr.h"
#include "net/libcurl.h"

struct http {
	CURL *curl;
	struct cafile own_ca;
	char *own_ca_dir;
	const struct cafile *ca; /* its own, or those of the one it is a clone of */
	const char *ca_dir;	 /* the same; NULL: none */
	const volatile sig_atomic_t *interrupted;
	char library_error[CURL_ERROR_SIZE];
};

/* What the callbacks collect of one answer. */
struct reception {
	const struct http *http;
	struct http_response response;
	size_t header_bytes;
	unsigned int header_count;
	bool headers_ended;    /* the empty line was seen */
	enum http_abort abort; /* why a callback ended the transfer */
};

void http_response_clear(struct http_response *response)
{
	secret_free(response->body);
	free(response->www_authenticate);
	*response = (struct http_response){0};
}

static const char *env_path(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/*
 * libcurl does not read SSL_CERT_FILE and SSL_CERT_DIR (its command line tool does), and takes one
 * file only: so the bundle and the user's file are joined and given to it as one text.
 */
static int collect_ca(struct http *http, const char *ca_file, struct err *err)
{
	const char *bundle = env_path("SSL_CERT_FILE");
	const char *dir = env_path("SSL_CERT_DIR");
	char *built_in = NULL;
	int result = 0;

	if (bundle) {
		result = cafile_append(&http->own_ca, bundle, "SSL_CERT_FILE", err);
	} else if (curl_easy_getinfo(http->curl, CURLINFO_CAINFO, &built_in) == CURLE_OK &&
		   built_in) {
		/* A system without its bundle still works with its directory, or --ca-file.
		 */
		if (cafile_append(&http->own_ca, built_in, "certificate bundle", NULL) == -ENOMEM)
			result = err_nomem(err);
	}
	if (result == 0 && ca_file)
		result = cafile_append(&http->own_ca, ca_file, "--ca-file", err);
	if (result == 0 && dir) {
		http->own_ca_dir = strdup(dir);
		if (!http->own_ca_dir)
			result = err_nomem(err);
	}
	http->ca = &http->own_ca;
	http->ca_dir = http->own_ca_dir;
	return result;
}

static int setup(struct http *http, const struct http_options *options, struct err *err)
{
	http->interrupted = options->interrupted;
	http->curl = curl_easy_init();
	if (!http->curl)
		return err_nomem(err);
	return collect_ca(http, options->ca_file, err);
}

int http_new(const struct http_options *options, struct http **ret_http, struct err *err)
{
	struct http *http;
	int result = libcurl_load(err);

	if (result != 0)
		return result;
	http = calloc(1, sizeof(*http));
	if (!http)
		return err_nomem(err);
	result = setup(http, options, err);
	if (result != 0) {
		http_free(http);
		return result;
	}
	*ret_http = http;
	return 0;
}

int http_clone(const struct http *http, const volatile sig_atomic_t *interrupted,
	       struct http **ret_http, struct err *err)
{
	struct http *clone = calloc(1, sizeof(*clone));

	if (clone)
		clone->curl = curl_easy_init();
	if (!clone || !clone->curl) {
		free(clone);
		return err_nomem(err);
	}
	clone->interrupted = interrupted;
	clone->ca = http->ca;
	clone->ca_dir = http->ca_dir;
	*ret_http = clone;
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->curl);
	cafile_clear(&http->own_ca);
	free(http->own_ca_dir);
	free(http);
}

static size_t on_body(char *data, size_t unit, size_t count, void *context)
{
	struct reception *reception = context;
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

static size_t on_header(char *line, size_t unit, size_t count, void *context)
{
	struct reception *reception = context;
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
	if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) { /* what came before was interim */
		free(TAKE(response->www_authenticate));
		response->retry_after = -1;
		reception->headers_ended = false;
		return size;
	}
	if (line[0] == '\r' || line[0] == '\n') {
		reception->headers_ended = true;
		return size;
	}
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

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct reception *reception = context;
	const volatile sig_atomic_t *interrupted = reception->http->interrupted;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (!interrupted || !__atomic_load_n(interrupted, __ATOMIC_RELAXED))
		return 0;
	reception->abort = HTTP_ABORT_INTERRUPTED;
	return 1;
}

/* Options are checked together: the first that fails is kept. */
#define SET(http, code, option, value)                                              \
	do {                                                                        \
		if ((code) == CURLE_OK)                                             \
			(code) = curl_easy_setopt((http)->curl, (option), (value)); \
	} while (0)

static CURLcode set_tls(struct http *http)
{
	struct curl_blob blob = {http->ca->pem, http->ca->size, CURL_BLOB_NOCOPY};
	CURLcode code = CURLE_OK;

	SET(http, code, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(http, code, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(http, code, CURLOPT_SSL_VERIFYHOST, 2L);
	if (http->ca->size > 0)
		SET(http, code, CURLOPT_CAINFO_BLOB, &blob);
	if (http->ca_dir)
		SET(http, code, CURLOPT_CAPATH, http->ca_dir);
	return code;
}

static CURLcode set_policy(struct http *http, const struct http_request *request)
{
	CURLcode code = CURLE_OK;

	SET(http, code, CURLOPT_PROTOCOLS_STR, "https");
	SET(http, code, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(http, code, CURLOPT_FOLLOWLOCATION, 0L);
	SET(http, code, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(http, code, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(http, code, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	SET(http, code, CURLOPT_NOSIGNAL, 1L);
	SET(http, code, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	SET(http, code, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	SET(http, code, CURLOPT_LOW_SPEED_LIMIT, 16L);
	SET(http, code, CURLOPT_LOW_SPEED_TIME, 20L);
	SET(http, code, CURLOPT_MAXFILESIZE, (long)HTTP_BODY_MAX);
	SET(http, code, CURLOPT_ERRORBUFFER, http->library_error);
	return code;
}

/* What "localhost" stands for is decided when it is looked up: the address counts, not the name. */
static bool address_is_local(const struct sockaddr *address)
{
	union {
		const struct sockaddr *any;
		const struct sockaddr_in *four;
		const struct sockaddr_in6 *six;
	} at = {.any = address};
	uint32_t number;

	if (address->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&at.six->sin6_addr);
	if (address->sa_family != AF_INET)
		return false;
	number = ntohl(at.four->sin_addr.s_addr);
	return number >> 24 == 127 || number >> 16 == 0xa9fe;
}

static curl_socket_t open_local(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)context;
	if (purpose != CURLSOCKTYPE_IPCXN || !address_is_local(&address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* In plain http nothing may come between us and the address. */
static CURLcode set_local_policy(struct http *http)
{
	CURLcode code = CURLE_OK;

	SET(http, code, CURLOPT_PROTOCOLS_STR, "http");
	SET(http, code, CURLOPT_PROXY, "");
	SET(http, code, CURLOPT_NOPROXY, "*");
	SET(http, code, CURLOPT_OPENSOCKETFUNCTION, open_local);
	return code;
}

static CURLcode set_callbacks(struct http *http, struct reception *reception)
{
	CURLcode code = CURLE_OK;

	SET(http, code, CURLOPT_WRITEFUNCTION, on_body);
	SET(http, code, CURLOPT_WRITEDATA, reception);
	SET(http, code, CURLOPT_HEADERFUNCTION, on_header);
	SET(http, code, CURLOPT_HEADERDATA, reception);
	SET(http, code, CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(http, code, CURLOPT_XFERINFODATA, reception);
	SET(http, code, CURLOPT_NOPROGRESS, 0L);
	return code;
}

static CURLcode set_request(struct http *http, const struct http_request *request, const char *url,
			    struct curl_slist *headers)
{
	CURLcode code = CURLE_OK;

	SET(http, code, CURLOPT_URL, url);
	SET(http, code, CURLOPT_HTTPHEADER, headers);
	if (strcmp(request->method, "POST") != 0) {
		SET(http, code, CURLOPT_HTTPGET, 1L);
		return code;
	}
	SET(http, code, CURLOPT_POST, 1L);
	SET(http, code, CURLOPT_POSTFIELDSIZE,
	    request->body ? (long)secret_size(request->body) : 0L);
	SET(http, code, CURLOPT_POSTFIELDS, request->body ? secret_text(request->body) : "");
	return code;
}

static struct secret *bearer_line(const struct secret *token)
{
	struct secret *line CLEANUP(secret_free) = NULL;

	if (secret_append(&line, "Authorization: Bearer ", 22) != 0 ||
	    secret_append(&line, secret_bytes(token), secret_size(token)) != 0)
		return NULL;
	return TAKE(line);
}

/* libcurl takes a char * and does not write through it. */
static void add_local_headers(const struct http_request *request, struct curl_slist *nodes,
			      struct curl_slist *last)
{
	for (size_t i = 0; i < HTTP_LOCAL_HEADERS_MAX && request->local_headers[i]; i++) {
		union {
			const char *text;
			char *data;
		} line = {.text = secret_text(request->local_headers[i])};

		nodes[i].data = line.data;
		last->next = &nodes[i];
		last = &nodes[i];
	}
}

/*
 * The list is made of our own nodes, not by curl_slist_append(), which copies: the token's header
 * stays in locked memory.
 */
static int perform(struct http *http, const struct http_request *request,
		   struct reception *reception, const char *url, CURLcode *ret_code)
{
	struct secret *bearer CLEANUP(secret_free) = NULL;
	char *type CLEANUP(free) = NULL;
	char accept[] = "Accept: application/json";
	struct curl_slist nodes[3 + HTTP_LOCAL_HEADERS_MAX] = {{accept, NULL}};
	struct curl_slist *last = &nodes[0];
	CURLcode code;

	if (request->bearer) {
		bearer = bearer_line(request->bearer);
		if (!bearer)
			return -ENOMEM;
		nodes[1].data = (char *)secret_data(bearer);
		last->next = &nodes[1];
		last = &nodes[1];
	}
	if (request->content_type) {
		if (asprintf(&type, "Content-Type: %s", request->content_type) < 0)
			return -ENOMEM;
		nodes[2].data = type;
		last->next = &nodes[2];
	}
	if (request->url->plain)
		add_local_headers(request, &nodes[3], last);
	curl_easy_reset(http->curl);
	http->library_error[0] = '\0';
	code = set_policy(http, request);
	if (code == CURLE_OK)
		code = request->url->plain ? set_local_policy(http) : set_tls(http);
	if (code == CURLE_OK)
		code = set_callbacks(http, reception);
	if (code == CURLE_OK)
		code = set_request(http, request, url, nodes);
	if (code == CURLE_OK)
		code = curl_easy_perform(http->curl);
	/* libcurl takes a connection that ends amid the headers for a whole answer. */
	if (code == CURLE_OK && !reception->headers_ended)
		code = CURLE_PARTIAL_FILE;
	*ret_code = code;
	return 0;
}

static int report(struct http *http, const struct http_request *request,
		  const struct reception *reception, CURLcode code, struct err *err)
{
	struct http_failure failure = {
		.code = code,
		.abort = reception->abort,
		.url = request->url,
		.library_text = http->library_error,
		.code_text = curl_easy_strerror(code),
	};
	long number = 0;
	curl_off_t connected = 0;

	if (curl_easy_getinfo(http->curl, CURLINFO_OS_ERRNO, &number) == CURLE_OK)
		failure.os_errno = (int)number;
	if (curl_easy_getinfo(http->curl, CURLINFO_HTTP_CONNECTCODE, &number) == CURLE_OK)
		failure.proxy_status = number;
	if (curl_easy_getinfo(http->curl, CURLINFO_PRETRANSFER_TIME_T, &connected) == CURLE_OK)
		failure.connected = connected > 0;
	return http_failure_error(&failure, err);
}

int http_send(struct http *http, const struct http_request *request,
	      struct http_response *ret_response, struct err *err)
{
	struct reception reception = {.http = http, .response.retry_after = -1};
	char *url CLEANUP(free) = url_format(request->url);
	char *origin CLEANUP(free) = url_origin(request->url);
	CURLcode code = CURLE_OK;
	long status = 0;
	int result;

	if (request->url->plain &&
	    (request->bearer || request->body || strcmp(request->method, "GET") != 0)) {
		http_response_clear(&reception.response);
		return err_set(err, ERR_OTHER, EINVAL, "nothing of worth is sent in plain http");
	}
	reception.response.body = secret_new(0);
	if (!url || !origin || !reception.response.body) {
		http_response_clear(&reception.response);
		return err_nomem(err);
	}
	result = perform(http, request, &reception, url, &code);
	if (result != 0) {
		result = err_nomem(err);
	} else if (code != CURLE_OK) {
		log_debug("%s %s%s: %s", request->method, origin, request->url->path,
			  curl_easy_strerror(code));
		result = report(http, request, &reception, code, err);
	} else {
		(void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
		log_debug("%s %s%s: HTTP %ld, %zu bytes", request->method, origin,
			  request->url->path, status, secret_size(reception.response.body));
	}
	/* The handle must not point at what is about to be freed. */
	curl_easy_reset(http->curl);
	if (result != 0) {
		http_response_clear(&reception.response);
		return result;
	}
	*ret_response = reception.response;
	ret_response->status = (int)status;
	return 0;
}
