/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways to sign in, each behind one small interface; token.c walks a chain of them. */
#ifndef ADEFUSE_KEYVAULT_CREDENTIAL_H
#define ADEFUSE_KEYVAULT_CREDENTIAL_H

#include "base/err.h"
#include "base/secret.h"
#include "net/fetch.h"

/* What every way to sign in may use; the caller's, outlives the chain. */
struct credential_context {
	const struct fetcher *fetcher;
	const struct url *authority;
	const char *tenant; /* --tenant; NULL when not given */
};

struct credential_request {
	const char *tenant;   /* the vault's, from its challenge; syntax checked */
	const char *resource; /* https URL without a trailing slash */
};

struct token {
	struct secret *value;
	int64_t lifetime; /* seconds from now */
};

struct credential_ops {
	const char *name;     /* as given to --credential */
	const char *describe; /* for messages */

	/* Who would sign in (a client id, no secret): part of the key under which tokens are kept.
	 */
	const char *(*identity)(const struct credential_context *context);

	/*
	 * A token. -ENODATA: this way is not available here, and the next one may be tried. Else
	 * the failure is final: a sign-in that is configured and refused is not replaced by
	 * somebody else's.
	 */
	int (*get)(const struct credential_context *context,
		   const struct credential_request *request, struct token *ret_token,
		   struct err *err);
};

extern const struct credential_ops credential_env;
extern const struct credential_ops credential_cli;

/*
 * The tenant to sign in to. A configured one must be the vault's, unless
 * AZURE_ADDITIONALLY_ALLOWED_TENANTS lists the vault's; a configured domain name cannot be compared
 * with an identifier and is used as it is (the vault refuses a token of a wrong tenant).
 * `configured` may be NULL. -EPERM with ERR_SIGNIN. The result is one of the two arguments.
 */
int credential_choose_tenant(const char *configured, const char *vault_tenant,
			     const char **ret_tenant, struct err *err);

/* b64token (RFC 6750, 2.1) of a sensible length: nothing that could end a header line. */
bool credential_token_ok(const struct secret *token);

/* Seconds; what claims to live longer is refused or cut to this. */
enum {
	TOKEN_LIFETIME_MAX = 7 * 24 * 3600
};

#endif
