/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signing in to Microsoft Entra ID: the door to this folder.
 *
 * A session is made from the user's settings and gives tokens for whatever its caller talks to:
 * Key Vault, Resource Manager. Ways to sign in are tried in turn; the first that works is used
 * from then on. Tokens are kept, and renewed five minutes before they expire.
 *
 *	struct entra_settings settings = {.tenant = tenant, .ca_file = ca_file};
 *	struct entra_audience arm = {.tenant = tenant, .resource = "https://management.azure.com"};
 *	struct entra *entra CLEANUP(entra_free) = NULL;
 *	struct entra_token token CLEANUP(entra_token_clear) = {0};
 *	struct fetch_result answer CLEANUP(fetch_result_clear) = {0};
 *	struct http_request request = {.method = "GET", .url = subscriptions};
 *	int result = entra_new(&settings, &entra, err);
 *
 *	if (result == 0)
 *		result = entra_get_token(entra, &arm, NULL, &token, err);
 *	if (result == 0) {
 *		request.bearer = token.value;
 *		result = fetch(entra_fetcher(entra), &request, &answer, err);
 *	}
 *
 * A service that refuses a kept token (HTTP 401) may accept a new one: ask again and pass the
 * first as `refused`. A service's challenge (challenge.h) names its tenant. It also names a
 * resource: the caller checks that it is the service's own, as a token for another service must
 * not be sent there.
 *
 * Ownership: the session copies the settings; the strings, the person's context and `interrupted`
 * stay the caller's and outlive it. A token belongs to whoever got it.
 *
 * Threads: entra_get_token() may be called in any thread. One at a time signs in; whoever needs
 * the same token waits and finds it there. The rest belongs to the thread that made the session.
 *
 * Errors: ERR_USAGE for a setting that cannot be right, ERR_SIGNIN when nobody can sign in (with
 * the reason of each way), ERR_NETWORK when the authority is not reached or not understood,
 * ERR_OTHER when libcurl is missing or memory is short.
 */
#ifndef ADEFUSE_ENTRA_ENTRA_H
#define ADEFUSE_ENTRA_ENTRA_H

#include "entra/identity/audience.h"
#include "entra/identity/settings.h"
#include "net/fetch.h"

struct entra;

/* -EINVAL with ERR_USAGE also when AZURE_TOKEN_CREDENTIALS or AZURE_AUTHORITY_HOST is wrong. */
int entra_new(const struct entra_settings *settings, struct entra **ret_entra, struct err *err);
void entra_free(struct entra *entra);
DEFINE_CLEANUP(struct entra, entra_free)

enum entra_cloud entra_cloud_of(const struct entra *entra);

/*
 * For the caller's own requests: the settings' certificates, time limits and interruption. The
 * session's; http_clone() makes one for another thread.
 */
const struct fetcher *entra_fetcher(const struct entra *entra);

struct entra_token {
	struct secret *value;
	bool is_old;	       /* got for an earlier call: if it is refused, a new one may serve */
	bool is_given;	       /* the user's ready token, which nothing here can renew */
	const char *client_id; /* who is signed in, for hints; the session's; NULL when not known */
};

/* Free what is in it; not the struct. */
void entra_token_clear(struct entra_token *token);
DEFINE_CLEAR(struct entra_token, entra_token_clear)

/*
 * A token for the audience, valid now. `refused` is one that the service did not take, NULL at
 * first: if it is still the kept one, it is replaced. -EACCES with ERR_SIGNIN when nobody can sign
 * in.
 */
int entra_get_token(struct entra *entra, const struct entra_audience *audience,
		    const struct secret *refused, struct entra_token *ret_token, struct err *err);

#endif
