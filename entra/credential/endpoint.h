/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The token endpoint of Microsoft Entra ID: OAuth 2.0 (RFC 6749) as "Microsoft identity platform
 * and the OAuth 2.0 client credentials flow" has it; error numbers as in "Microsoft Entra
 * authentication and authorization error codes". Threads: as the context's fetcher.
 */
#ifndef ADEFUSE_ENTRA_CREDENTIAL_ENDPOINT_H
#define ADEFUSE_ENTRA_CREDENTIAL_ENDPOINT_H

#include "entra/credential/credential.h"

/* Add "name=value" to an application/x-www-form-urlencoded body; -ENOMEM, -EOVERFLOW. */
int endpoint_form_add(struct secret **form, const char *name, const char *value);

/* A form with the client id, the scope that `resource` stands for, and the grant type. */
int endpoint_form_start(struct secret **form, const char *client, const char *resource,
			const char *grant_type);

/* Add a client assertion (RFC 7523): a JWT in place of a client secret. */
int endpoint_form_assert(struct secret **form, const char *assertion);

/* URL of an endpoint of `tenant` (syntax checked by the caller), such as "token"; NULL when out of
 * memory. */
struct url *endpoint_url(const struct credential_context *context, const char *tenant,
			 const char *endpoint);

/* POST the form to an endpoint. The answer may be a refusal: see endpoint_parse(). */
int endpoint_post(const struct credential_context *context, const char *tenant,
		  const char *endpoint, const struct secret *form, struct fetch_result *ret_result,
		  struct err *err);

/*
 * POST the form to the authority's token endpoint of `tenant`. ERR_SIGNIN with the AADSTS code when
 * it is refused; `check` is the hint when nothing better is known about that code.
 */
int endpoint_token(const struct credential_context *context, const char *tenant,
		   const struct secret *form, const char *check, struct token *ret_token,
		   struct err *err);

/* Pure: the answer of the endpoint, a success or a refusal. */
int endpoint_parse(int status, const char *body, size_t size, const char *check,
		   struct token *ret_token, struct err *err);

/*
 * Pure: the "error" of a refusal, such as "slow_down"; empty when there is none or it is not a
 * word.
 */
void endpoint_error_word(const char *body, size_t size, char *word, size_t word_size);

#endif
