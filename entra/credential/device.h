/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Device code (RFC 8628): the parts that do no I/O. A person opens a page in any browser and types
 * a code; meanwhile the token endpoint is polled. Pure.
 */
#ifndef ADEFUSE_ENTRA_CREDENTIAL_DEVICE_H
#define ADEFUSE_ENTRA_CREDENTIAL_DEVICE_H

#include "entra/credential/credential.h"

enum {
	DEVICE_INTERVAL = 5, /* seconds, when the service names none; and what slow_down adds */
	DEVICE_INTERVAL_MAX = 60,
	DEVICE_LIFETIME_MAX = 3600,
	DEVICE_CODE_MAX = 64,
	DEVICE_URI_MAX = 256,
};

struct device_code {
	struct secret *code;
	char user_code[DEVICE_CODE_MAX]; /* letters, digits and dashes */
	char uri[DEVICE_URI_MAX];	 /* https */
	int64_t lifetime;		 /* seconds */
	int64_t interval;		 /* seconds */
};

void device_code_clear(struct device_code *code);
DEFINE_CLEAR(struct device_code, device_code_clear)

/* The answer of the devicecode endpoint. ERR_SIGNIN when it is refused, ERR_NETWORK. */
int device_parse(int status, const char *body, size_t size, struct device_code *ret_code,
		 struct err *err);

enum device_poll {
	DEVICE_AGAIN,  /* wait for the interval */
	DEVICE_SLOWER, /* the same, and the interval grows by five seconds */
	DEVICE_DONE,   /* a token, or a final refusal */
};

/* What an answer of the token endpoint means while a person still types. */
enum device_poll device_poll_parse(int status, const char *body, size_t size);

/* A refusal that ends it, in words; the code is endpoint_parse()'s for all others. */
int device_refused(int status, const char *body, size_t size, struct err *err);

#endif
