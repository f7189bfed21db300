/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How to sign in, as the user chose it, and the parsers of the options' values. Pure. */
#ifndef ADEFUSE_ENTRA_IDENTITY_SETTINGS_H
#define ADEFUSE_ENTRA_IDENTITY_SETTINGS_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

enum entra_cloud {
	ENTRA_CLOUD_PUBLIC,
	ENTRA_CLOUD_CHINA,
	ENTRA_CLOUD_USGOV,
	ENTRA_CLOUD_COUNT,
};

/* "public", "china", "usgov"; false when it is none of them. */
bool entra_cloud_parse(const char *name, enum entra_cloud *ret_cloud);
const char *entra_cloud_name(enum entra_cloud cloud);

/* The ways to sign in; AUTO tries them in turn (entra/tokens.c). */
enum entra_credential {
	ENTRA_CREDENTIAL_AUTO,
	ENTRA_CREDENTIAL_ENV,
	ENTRA_CREDENTIAL_WORKLOAD,
	ENTRA_CREDENTIAL_MANAGED,
	ENTRA_CREDENTIAL_CLI,
	ENTRA_CREDENTIAL_DEVICE,
	ENTRA_CREDENTIAL_TOKEN,
};

/* "auto", "env", "workload", "managed", "cli", "device", "token"; false when it is none of them. */
bool entra_credential_parse(const char *name, enum entra_credential *ret_credential);

/* Which of a machine's managed identities. */
enum entra_identity_kind {
	ENTRA_IDENTITY_DEFAULT, /* AZURE_CLIENT_ID when it is set, else the system's */
	ENTRA_IDENTITY_CLIENT,
	ENTRA_IDENTITY_OBJECT,
	ENTRA_IDENTITY_RESOURCE,
};

struct entra_identity {
	enum entra_identity_kind kind;
	const char *value; /* points into the text that was parsed; NULL for the default */
};

/* "client:ID", "object:ID", "resource:/subscriptions/..."; false when it is none of them. */
bool entra_identity_parse(const char *text, struct entra_identity *ret_identity);

/*
 * What signing in needs from whoever runs the program. Any function may be NULL. They may be called
 * in any thread that asks for a token, one at a time.
 */
struct entra_person {
	/* A line for the person: a code to type, what was tried. Never a secret. */
	void (*tell)(void *context, const char *line);
	/* The ready token of ENTRA_CREDENTIAL_TOKEN; called once, when it is needed. */
	int (*read_token)(void *context, struct secret **ret_token, struct err *err);
	void *context;
	bool present; /* somebody reads the lines now: a device code may be offered unasked */
};

/*
 * All zero is a good start. The strings are the caller's and outlive the session; NULL: not given.
 */
struct entra_settings {
	enum entra_cloud cloud;
	enum entra_credential credential;
	struct entra_identity identity;
	struct entra_person person;
	const char *tenant;
	const char *ca_file;			  /* PEM, besides the system's */
	unsigned int timeout_seconds;		  /* a request with its retries; 0: 60 */
	unsigned int retry_base_ms;		  /* first wait before a retry; 0: 1000 */
	const volatile sig_atomic_t *interrupted; /* ends waiting when set; may be NULL */
};

#endif
