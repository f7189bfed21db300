/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One HTTPS request through libcurl's easy interface; see http.h. */
#include "config.h"

#include "net/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/cafile.h"
#include "net/http_failure.h"
#include "net/http_reception.h"
#include "net/libcurl.h"

enum {
	HEADERS_MAX = 3 + HTTP_LOCAL_HEADERS_MAX
};

struct http {
	CURL *curl;
	struct cafile own_ca;
	char *own_ca_dir;
	const struct cafile *ca; /* its own, or those of the struct it was cloned from */
	const char *ca_dir;	 /* the same; NULL: none */
	const volatile sig_atomic_t *interrupted;
	char library_error[CURL_ERROR_SIZE];
};

/*
 * A request's header lines. The list is made of our own nodes, not by curl_slist_append(), which
 * copies: the token's line stays in locked memory.
 */
struct headers {
	struct secret *bearer;
	char *content_type;
	struct curl_slist nodes[HEADERS_MAX];
	size_t count;
};

static const char *env_path(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/*
 * libcurl does not read SSL_CERT_FILE and SSL_CERT_DIR (curl, the program, does), and takes one
 * file only. So the bundle and the user's file are joined and given to it as one text.
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
	struct http *http CLEANUP(http_free) = NULL;
	int result = libcurl_load(err);

	if (result != 0)
		return result;
	http = calloc(1, sizeof(*http));
	if (!http)
		return err_nomem(err);
	result = setup(http, options, err);
	if (result == 0)
		*ret_http = TAKE(http);
	return result;
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

/* Plain http goes to the address itself: past every proxy, and nowhere else. */
static CURLcode set_local_policy(struct http *http)
{
	CURLcode code = CURLE_OK;

	SET(http, code, CURLOPT_PROTOCOLS_STR, "http");
	SET(http, code, CURLOPT_PROXY, "");
	SET(http, code, CURLOPT_NOPROXY, "*");
	SET(http, code, CURLOPT_OPENSOCKETFUNCTION, open_local);
	return code;
}

static CURLcode set_callbacks(struct http *http, struct http_reception *reception)
{
	CURLcode code = CURLE_OK;

	SET(http, code, CURLOPT_WRITEFUNCTION, http_reception_on_body);
	SET(http, code, CURLOPT_WRITEDATA, reception);
	SET(http, code, CURLOPT_HEADERFUNCTION, http_reception_on_header);
	SET(http, code, CURLOPT_HEADERDATA, reception);
	SET(http, code, CURLOPT_XFERINFOFUNCTION, http_reception_on_progress);
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

struct secret *http_header(const char *start, const void *value, size_t size)
{
	struct secret *line CLEANUP(secret_free) = NULL;

	if (secret_append(&line, start, strlen(start)) != 0 ||
	    secret_append(&line, value, size) != 0)
		return NULL;
	return TAKE(line);
}

static void headers_clear_cleanup(struct headers *headers)
{
	secret_free(headers->bearer);
	free(headers->content_type);
}

static void add_header(struct headers *headers, const char *line)
{
	struct curl_slist *node = &headers->nodes[headers->count];
	/* libcurl takes a char * and does not write through it. */
	union {
		const char *text;
		char *data;
	} cast = {.text = line};

	node->data = cast.data;
	if (headers->count > 0)
		headers->nodes[headers->count - 1].next = node;
	headers->count++;
}

static int make_headers(const struct http_request *request, struct headers *headers)
{
	add_header(headers, "Accept: application/json");
	if (request->bearer) {
		headers->bearer =
			http_header("Authorization: Bearer ", secret_bytes(request->bearer),
				    secret_size(request->bearer));
		if (!headers->bearer)
			return -ENOMEM;
		add_header(headers, secret_text(headers->bearer));
	}
	if (request->content_type) {
		if (asprintf(&headers->content_type, "Content-Type: %s", request->content_type) < 0)
			return -ENOMEM;
		add_header(headers, headers->content_type);
	}
	for (size_t i = 0; request->url->plain && i < HTTP_LOCAL_HEADERS_MAX; i++) {
		if (request->local_headers[i])
			add_header(headers, secret_text(request->local_headers[i]));
	}
	return 0;
}

static CURLcode perform(struct http *http, const struct http_request *request, const char *url,
			struct http_reception *reception)
{
	struct headers headers CLEANUP(headers_clear) = {0};
	CURLcode code;

	if (make_headers(request, &headers) != 0) {
		reception->abort = HTTP_ABORT_MEMORY;
		return CURLE_OUT_OF_MEMORY;
	}
	curl_easy_reset(http->curl);
	http->library_error[0] = '\0';
	code = set_policy(http, request);
	if (code == CURLE_OK)
		code = request->url->plain ? set_local_policy(http) : set_tls(http);
	if (code == CURLE_OK)
		code = set_callbacks(http, reception);
	if (code == CURLE_OK)
		code = set_request(http, request, url, headers.nodes);
	if (code == CURLE_OK)
		code = curl_easy_perform(http->curl);
	/* libcurl accepts a connection that ends within the headers as a whole answer. */
	if (code == CURLE_OK && !reception->headers_ended)
		code = CURLE_PARTIAL_FILE;
	return code;
}

/* Without the query, which may hold a name; never a header or a body. */
static void log_outcome(const struct http_request *request, CURLcode code,
			const struct http_response *response)
{
	char *origin CLEANUP(free) = url_origin(request->url);

	if (!origin)
		return;
	if (code == CURLE_OK)
		log_debug("%s %s%s: HTTP %d, %zu bytes", request->method, origin,
			  request->url->path, response->status, secret_size(response->body));
	else
		log_debug("%s %s%s: %s", request->method, origin, request->url->path,
			  curl_easy_strerror(code));
}

static int report(struct http *http, const struct http_request *request,
		  const struct http_reception *reception, CURLcode code, struct err *err)
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
	struct http_reception reception = {.interrupted = http->interrupted,
					   .response.retry_after = -1};
	char *url CLEANUP(free) = url_format(request->url);
	long status = 0;
	CURLcode code;
	int result = 0;

	if (request->url->plain &&
	    (request->bearer || request->body || strcmp(request->method, "GET") != 0))
		return err_set(err, ERR_OTHER, EINVAL, "nothing secret is sent in plain http");
	reception.response.body = secret_new(0);
	if (!url || !reception.response.body) {
		http_response_clear(&reception.response);
		return err_nomem(err);
	}
	code = perform(http, request, url, &reception);
	if (code != CURLE_OK)
		result = report(http, request, &reception, code, err);
	else
		(void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	reception.response.status = (int)status;
	log_outcome(request, code, &reception.response);
	/* The handle must not point to what is about to be freed. */
	curl_easy_reset(http->curl);
	if (result == 0)
		*ret_response = reception.response;
	else
		http_response_clear(&reception.response);
	return result;
}
