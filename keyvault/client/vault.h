/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests to vaults: the challenge is asked for without token and body, checked, answered with a
 * token, and remembered with its vault.
 *
 * Source: Key Vault's documentation, "Authentication, requests and responses".
 *
 * Threads: one thread uses a client at a time; vault_client_clone() makes more of them, which
 * share challenges and tokens, so that several threads sign in once.
 */
#ifndef ADEFUSE_KEYVAULT_CLIENT_VAULT_H
#define ADEFUSE_KEYVAULT_CLIENT_VAULT_H

#include "entra/entra.h"
#include "keyvault/client/refusal.h"
#include "keyvault/client/vault_trust.h"

/* The version of the REST API; goes into every request. */
#define VAULT_QUERY "api-version=7.4"

struct vault_client;

/* The session and `trust` stay the caller's and outlive it. NULL when out of memory. */
struct vault_client *vault_client_new(struct entra *entra, const struct vault_trust *trust);

/*
 * For another thread, with a fetcher of its own that outlives it. `client` outlives it too. NULL
 * when out of memory.
 */
struct vault_client *vault_client_clone(const struct vault_client *client,
					const struct fetcher *fetcher);
const struct fetcher *vault_client_fetcher(const struct vault_client *client);
void vault_client_free(struct vault_client *client);
DEFINE_CLEANUP(struct vault_client, vault_client_free)

struct vault_call {
	const char *method;
	const struct url *url;
	const struct secret *body; /* JSON; NULL for GET */
	enum vault_operation operation;
	const char *object;    /* for messages: "NAME" or "NAME/VERSION", NULL for a listing */
	const char *algorithm; /* for messages: of an unwrap */
};

/* The body of a 200, else an error that names the cause; the codes are refusal_error()'s and
 * fetch()'s.
 */
int vault_call(struct vault_client *client, const struct vault_call *call, struct secret **ret_body,
	       struct err *err);

/*
 * All that comes before the request itself: challenge and sign-in, in this thread. The errors are
 * those that vault_call() would have; what was got is kept for it.
 */
int vault_prepare(struct vault_client *client, const struct vault_call *call, struct err *err);

#endif
