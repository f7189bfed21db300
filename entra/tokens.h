/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tokens: got through a chain of credentials, kept by (tenant, resource, identity), and renewed
 * five minutes before they expire. Threads: one at a time; entra.c has the lock.
 */
#ifndef ADEFUSE_ENTRA_TOKENS_H
#define ADEFUSE_ENTRA_TOKENS_H

#include <stdbool.h>

#include "entra/credential/credential.h"

enum {
	TOKEN_RENEW_BEFORE = 300 /* seconds */
};

struct tokens;

struct tokens_options {
	enum entra_credential credential;
	enum credential_chain chain; /* of ENTRA_CREDENTIAL_AUTO */
	bool restricted;	     /* for messages: AZURE_TOKEN_CREDENTIALS says so */
};

/* `context` is the caller's and outlives the tokens. NULL when out of memory. */
struct tokens *tokens_new(const struct credential_context *context,
			  const struct tokens_options *options);
void tokens_free(struct tokens *tokens);
DEFINE_CLEANUP(struct tokens, tokens_free)

/*
 * A token; it stays the cache's, valid until the next call. `renew` asks for a new one even when
 * the kept one has not expired; `*ret_kept` says whether it was got by an earlier call. ERR_SIGNIN
 * when nobody can sign in (with each reason), ERR_NETWORK when the authority is not reached.
 */
int tokens_get(struct tokens *tokens, const struct entra_audience *audience, bool renew,
	       const struct secret **ret_token, bool *ret_kept, struct err *err);

/* Client id that the last token was got for; NULL when not known (a person's, through az). */
const char *tokens_client_id(const struct tokens *tokens);

/* Whether the last token was the user's ready one, which nothing here can renew. */
bool tokens_was_given(const struct tokens *tokens);

#endif
