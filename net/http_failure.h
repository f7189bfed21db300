/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a request failed below HTTP, told apart and put into words. */
#ifndef ADEFUSE_NET_HTTP_FAILURE_H
#define ADEFUSE_NET_HTTP_FAILURE_H

#include "base/err.h"
#include "net/http_reception.h"
#include "net/url.h"

struct http_failure {
	CURLcode code;
	enum http_abort abort;
	const struct url *url;
	const char *library_text; /* libcurl's, may be empty; holds no header and no body */
	const char *code_text;	  /* what libcurl says of the code */
	int os_errno;
	long proxy_status; /* of a refused CONNECT; 0 when there was none */
	bool connected;	   /* TLS stood when it failed */
};

/* Fills `err`; returns one of the values that http_send() lists. */
int http_failure_error(const struct http_failure *failure, struct err *err);

#endif
