/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The token endpoint of Microsoft Entra ID. */
#ifndef ADEFUSE_KEYVAULT_ENTRA_H
#define ADEFUSE_KEYVAULT_ENTRA_H

#include "keyvault/credential.h"

/* Add "name=value" to an application/x-www-form-urlencoded body; -ENOMEM, -EOVERFLOW. */
int entra_form_add(struct secret **form, const char *name, const char *value);

/*
 * POST the form to the authority's token endpoint of `tenant` (syntax checked by the caller).
 * ERR_SIGNIN with the AADSTS code when it is refused.
 */
int entra_token(const struct credential_context *context, const char *tenant,
		const struct secret *form, struct token *ret_token, struct err *err);

/* Pure: the answer of the endpoint, a success or a refusal. */
int entra_parse(int status, const char *body, size_t size, struct token *ret_token,
		struct err *err);

#endif
