/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a request failed below HTTP: libcurl's codes as errors that a user can act on. Pure, but for
 * a look-up of the host's name.
 */
#ifndef ADEFUSE_NET_HTTP_FAILURE_H
#define ADEFUSE_NET_HTTP_FAILURE_H

#include "base/err.h"
#include "net/http_reception.h"
#include "net/url.h"

struct http_failure {
	CURLcode code;
	enum http_abort abort;
	const struct url *url;
	const char *library_text; /* libcurl's error buffer; may be empty; holds no header and no
				     body */
	const char *code_text;	  /* what libcurl says of the code */
	int os_errno;
	long proxy_status; /* of a refused CONNECT; 0 when there was none */
	bool connected;	   /* the connection and TLS were set up when it failed */
};

/* Fills `err`; returns one of the values that http_send() lists. */
int http_failure_error(const struct http_failure *failure, struct err *err);

#endif
