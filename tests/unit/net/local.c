/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/http in plain http: only to this machine, only GET, past every proxy, without following
 * redirects. A listener of our own is asked; a second one listens where nothing may arrive.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http.h"
#include "tests/tap.h"

struct listener {
	int fd;
	uint16_t port;
	const char *answer;
	char request[4096]; /* what came */
};

static void start_listening(struct listener *listener)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(listener->fd >= 0 && bind(listener->fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	     listen(listener->fd, 4) == 0 &&
	     getsockname(listener->fd, (struct sockaddr *)&at, &size) == 0);
	listener->port = ntohs(at.sin_port);
}

static void *serve_one(void *context)
{
	struct listener *listener = context;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	size_t used = 0;

	while (fd >= 0 && used < sizeof(listener->request) - 1) {
		ssize_t got =
			read(fd, listener->request + used, sizeof(listener->request) - 1 - used);

		if (got <= 0)
			break;
		used += (size_t)got;
		listener->request[used] = '\0';
		if (strstr(listener->request, "\r\n\r\n"))
			break;
	}
	must(fd >= 0 && write(fd, listener->answer, strlen(listener->answer)) > 0);
	(void)close(fd);
	return NULL;
}

/* Whether a connection waits there. */
static bool was_called(const struct listener *listener)
{
	struct pollfd poller = {.fd = listener->fd, .events = POLLIN};

	return poll(&poller, 1, 0) > 0;
}

static struct url *local_url(uint16_t port, const char *path)
{
	struct url *url = NULL;
	char text[128];

	(void)snprintf(text, sizeof(text), "http://localhost:%u%s", port, path);
	must(url_parse_local(text, &url, NULL) == 0);
	return url;
}

static struct http *new_http(void)
{
	struct http_options options = {0};
	struct http *http = NULL;

	must(http_new(&options, &http, NULL) == 0);
	return http;
}

static void test_get(struct http *http, const struct listener *other)
{
	struct listener listener = {0};
	struct url *url CLEANUP(url_free) = NULL;
	struct secret *header CLEANUP(secret_free) = secret_copy("Metadata: true", 14);
	struct http_response response CLEANUP(http_response_clear) = {0};
	struct http_request request = {.method = "GET", .timeout_ms = 5000};
	char redirect[256];
	pthread_t thread;

	(void)snprintf(redirect, sizeof(redirect),
		       "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/x\r\n"
		       "Content-Length: 0\r\nConnection: close\r\n\r\n",
		       other->port);
	listener.answer = redirect;
	start_listening(&listener);
	url = local_url(listener.port, "/token?a=b");
	request.url = url;
	request.local_headers[0] = header;
	must(pthread_create(&thread, NULL, serve_one, &listener) == 0);
	is(http_send(http, &request, &response, NULL), 0, "a GET in plain http");
	must(pthread_join(thread, NULL) == 0);
	ok(strncmp(listener.request, "GET /token?a=b HTTP/1.1\r\n", 25) == 0,
	   "  straight to its host, though proxies are set");
	ok(strstr(listener.request, "\r\nMetadata: true\r\n"), "  with its header");
	is(response.status, 302, "  its redirect is the answer");
	ok(!was_called(other), "  and not followed");
	(void)close(listener.fd);
}

static void test_limits(struct http *http, const struct listener *other)
{
	struct url *url CLEANUP(url_free) = local_url(other->port, "/");
	struct secret *secret CLEANUP(secret_free) = secret_copy("token", 5);
	struct http_response response = {0};
	const struct http_request bad[] = {
		{.method = "GET", .url = url, .bearer = secret, .timeout_ms = 1000},
		{.method = "POST", .url = url, .timeout_ms = 1000},
		{.method = "POST", .url = url, .body = secret, .timeout_ms = 1000},
	};
	struct url far = {
		.host = (char[]){"192.0.2.1"}, .port = 80, .path = (char[]){"/"}, .plain = true};
	struct http_request away = {.method = "GET", .url = &far, .timeout_ms = 1000};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is(http_send(http, &bad[i], &response, NULL), -EINVAL,
		   "%s in plain http is refused", i == 0 ? "a bearer token" : "a POST");
	/* No parser makes this URL; the address is checked when it is connected to all the same. */
	ok(http_send(http, &away, &response, NULL) < 0, "an address elsewhere is not connected to");
	ok(!was_called(other), "nothing was sent");
}

int main(void)
{
	struct listener other = {0};
	struct http *http CLEANUP(http_free) = NULL;
	char proxy[64];

	start_listening(&other);
	(void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", other.port);
	must(setenv("http_proxy", proxy, 1) == 0 && setenv("ALL_PROXY", proxy, 1) == 0 &&
	     setenv("all_proxy", proxy, 1) == 0 && unsetenv("no_proxy") == 0);
	http = new_http();
	test_get(http, &other);
	test_limits(http, &other);
	(void)close(other.fd);
	return tap_done();
}
