/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From libcurl's result codes to errors a user can act on; see http_failure.h. */
#include "net/http_failure.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* libcurl has one code for "there is no such host" and "no name server answered". */
static bool host_does_not_exist(const char *host)
{
	struct addrinfo *found = NULL;
	int result = getaddrinfo(host, NULL, NULL, &found);

	if (result == 0)
		freeaddrinfo(found);
	return result == EAI_NONAME || result == EAI_NODATA;
}

static int unresolved(const struct http_failure *failure, struct err *err)
{
	const char *host = failure->url->host;
	int result;

	if (host_does_not_exist(host)) {
		result = err_set(err, ERR_NETWORK, ENXIO, "there is no host '%s'", host);
		err_hint(err, "check the name for typing errors");
		return result;
	}
	result = err_set(err, ERR_NETWORK, EHOSTUNREACH, "host '%s' cannot be looked up", host);
	err_hint(err, "the name service does not answer; check this machine's network and DNS, or "
		      "set https_proxy where a proxy is needed");
	return result;
}

static int unconnected(const struct http_failure *failure, struct err *err)
{
	const struct url *url = failure->url;
	int number = failure->os_errno ? failure->os_errno : ECONNREFUSED;
	int result;

	result = err_set(err, ERR_NETWORK, number == ECONNREFUSED ? ECONNREFUSED : EHOSTUNREACH,
			 "cannot connect to '%s' port %u: %s", url->host, url->port,
			 strerrordesc_np(number));
	err_hint(err, "check the network between this machine and that host (firewall, routing, "
		      "https_proxy)");
	return result;
}

/* libcurl puts the reason after a fixed prefix. */
static const char *tls_reason(const char *text)
{
	static const char prefix[] = "SSL certificate problem: ";

	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		return text + sizeof(prefix) - 1;
	return *text ? text : "the certificate could not be verified";
}

static int untrusted(const struct http_failure *failure, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, EKEYREJECTED,
			     "the certificate of '%s' is not trusted: %s", failure->url->host,
			     tls_reason(failure->library_text));

	err_hint(err, "if a proxy or a private authority signed it, name that certificate with "
		      "--ca-file PEM; else check the host name and this machine's clock");
	return result;
}

static int timed_out(const struct http_failure *failure, struct err *err)
{
	int result;

	if (!failure->connected) {
		result = err_set(err, ERR_NETWORK, EHOSTDOWN,
				 "no connection to '%s' port %u in time", failure->url->host,
				 failure->url->port);
		err_hint(err, "check the network between this machine and that host (firewall, "
			      "routing, https_proxy)");
		return result;
	}
	result = err_set(err, ERR_NETWORK, ETIMEDOUT, "'%s' did not answer in time",
			 failure->url->host);
	err_hint(err, "try again later, or allow more time with --timeout");
	return result;
}

static int cut(const struct http_failure *failure, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, ECONNRESET, "'%s' cut the connection",
			     failure->url->host);

	err_hint(err, "try again later; if it happens again, something on the way (a proxy, a "
		      "firewall) ends the connection");
	return result;
}

static int not_understood(const struct http_failure *failure, struct err *err)
{
	const char *text = failure->library_text;
	int result = err_set(err, ERR_NETWORK, EPROTO, "the answer of '%s' is not understood: %s",
			     failure->url->host, *text ? text : failure->code_text);

	err_hint(err, "check that it is the right host and port, and that it speaks HTTPS");
	return result;
}

static int proxy_refused(const struct http_failure *failure, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, EHOSTUNREACH,
			     "the proxy does not let through to '%s'%s", failure->url->host,
			     failure->proxy_status == 407 ? ": it wants a user name" : "");

	err_hint(err, "check https_proxy and no_proxy in the environment");
	return result;
}

/* No Azure service sends so much: something else has answered. */
static int too_much(const struct http_failure *failure, const char *what, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, EMSGSIZE, "the answer of '%s' has %s; refused",
			     failure->url->host, what);

	err_hint(err, "check that it is the right host, and that no proxy changes its answers");
	return result;
}

static int too_long(const struct http_failure *failure, struct err *err)
{
	char what[64];

	(void)snprintf(what, sizeof(what), "more than %d bytes", HTTP_BODY_MAX);
	return too_much(failure, what, err);
}

static int aborted(const struct http_failure *failure, struct err *err)
{
	switch (failure->abort) {
	case HTTP_ABORT_BODY:
		return too_long(failure, err);
	case HTTP_ABORT_HEADERS:
		return too_much(failure, "too many headers", err);
	case HTTP_ABORT_INTERRUPTED:
		return err_set(err, ERR_OTHER, EINTR, "interrupted");
	case HTTP_ABORT_MEMORY:
	case HTTP_ABORT_NONE:
		break;
	}
	return err_nomem(err);
}

/* A handshake that just ends is a cut connection, not a fault of TLS. */
static int handshake_failed(const struct http_failure *failure, struct err *err)
{
	if (failure->os_errno == ECONNRESET || failure->os_errno == EPIPE ||
	    strstr(failure->library_text, "SSL_ERROR_SYSCALL") ||
	    strstr(failure->library_text, "Connection reset"))
		return cut(failure, err);
	return not_understood(failure, err);
}

int http_failure_error(const struct http_failure *failure, struct err *err)
{
	if (failure->abort != HTTP_ABORT_NONE)
		return aborted(failure, err);
	if (failure->proxy_status >= 300)
		return proxy_refused(failure, err);
	switch (failure->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return unresolved(failure, err);
	case CURLE_COULDNT_CONNECT:
		return unconnected(failure, err);
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return proxy_refused(failure, err);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return untrusted(failure, err);
	case CURLE_SSL_CONNECT_ERROR:
		return handshake_failed(failure, err);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(failure, err);
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return cut(failure, err);
	case CURLE_FILESIZE_EXCEEDED:
		return too_long(failure, err);
	case CURLE_OUT_OF_MEMORY:
		return err_nomem(err);
	default:
		return not_understood(failure, err);
	}
}
