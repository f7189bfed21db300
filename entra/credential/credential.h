/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ways to sign in, each with the same small interface. tokens.c tries them in turn; entra.h is
 * the door for others. Threads: one at a time, under the session's lock.
 */
#ifndef ADEFUSE_ENTRA_CREDENTIAL_CREDENTIAL_H
#define ADEFUSE_ENTRA_CREDENTIAL_CREDENTIAL_H

#include "base/err.h"
#include "base/secret.h"
#include "entra/identity/audience.h"
#include "entra/identity/settings.h"
#include "net/fetch.h"

/* What a way to sign in remembers between two tokens. */
struct credential_state {
	struct secret *given;	/* the ready token of --credential token: */
	struct secret *refresh; /* got with a device code: gets further tokens without asking the
				   person again */
	char *refresh_tenant;
};

/* Free what is in it; not the struct. */
void credential_state_clear(struct credential_state *state);

/* What every way to sign in may use; the caller's, outlives the chain. */
struct credential_context {
	const struct fetcher *fetcher;
	const struct url *authority;
	const char *tenant; /* --tenant; NULL when not given */
	struct entra_identity identity;
	struct entra_person person;
	struct credential_state *state;
	bool asked_for; /* by name, not tried in turn */
};

struct token {
	struct secret *value;
	int64_t lifetime; /* seconds from now */
};

struct credential_ops {
	const char *name;     /* as given to --credential */
	const char *describe; /* for messages */

	/* Who would sign in (no secret): tokens are kept by it. NULL when not known. */
	const char *(*identity)(const struct credential_context *context);

	/* The client id of the same, for hints that grant it a right; NULL when there is none. */
	const char *(*client_id)(const struct credential_context *context);

	/*
	 * 0 with a token. CREDENTIAL_ABSENT: this way is not set up here; CREDENTIAL_PARTIAL: it
	 * is, but something is missing that the user can add; after both, with err, the next way is
	 * tried. A negative errno is final: a sign-in that is set up and refused is not replaced by
	 * that of somebody else, who may have other rights.
	 */
	int (*get)(const struct credential_context *context, const struct entra_audience *audience,
		   struct token *ret_token, struct err *err);
};

/* Positive, so that they are never taken for an errno. */
enum {
	CREDENTIAL_ABSENT = 1,
	CREDENTIAL_PARTIAL = 2,
};

extern const struct credential_ops credential_env;
extern const struct credential_ops credential_workload;
extern const struct credential_ops credential_managed;
extern const struct credential_ops credential_cli;
extern const struct credential_ops credential_device;
extern const struct credential_ops credential_token;

/* Which ways are tried in turn. */
enum credential_chain {
	CREDENTIAL_CHAIN_ALL,
	CREDENTIAL_CHAIN_DEV,  /* a person's: Azure CLI, device code */
	CREDENTIAL_CHAIN_PROD, /* a service's: environment, workload and managed identity */
};

/*
 * What AZURE_TOKEN_CREDENTIALS leaves of `auto`, as in Microsoft's DefaultAzureCredential: dev,
 * prod, or the name of one credential, in any case; that one then counts as asked for by name.
 * *ret_restricted says whether the variable is set. -EINVAL with ERR_USAGE when it is anything
 * else.
 */
int credential_restrict(enum entra_credential *ret_credential, enum credential_chain *ret_chain,
			bool *ret_restricted, struct err *err);

/* A variable's value; NULL when it is not set or empty. */
const char *credential_env_value(const char *name);

/* --tenant, else AZURE_TENANT_ID, else NULL. */
const char *credential_configured_tenant(const struct credential_context *context);

/*
 * The names of a service principal: tenant and AZURE_CLIENT_ID. CREDENTIAL_ABSENT with ERR_SIGNIN
 * when neither is set, CREDENTIAL_PARTIAL when one is missing, -EINVAL with ERR_USAGE when one
 * cannot be right.
 */
int credential_principal(const struct credential_context *context, const char **ret_tenant,
			 const char **ret_client, struct err *err);

/* Whether AZURE_CLIENT_ID's value can be a client id. -EINVAL with ERR_USAGE. */
int credential_check_client(const char *client, struct err *err);

/* A line for the person; logged when the caller has given no function for it. */
void credential_tell(const struct credential_context *context, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* b64token (RFC 6750, 2.1) of a sensible length: nothing that could end a header line. */
bool credential_token_ok(const struct secret *token);

/* Seconds; a token that claims to live longer is refused or renewed after this. */
enum {
	TOKEN_LIFETIME_MAX = 7 * 24 * 3600
};

#endif
