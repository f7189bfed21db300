/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a vault's refusal means to a person, and what to do about it. The HTTP status and the codes
 * in the body decide (Key Vault's documentation, "REST API error codes"), never the message: it is
 * foreign text and is not shown. Only the AKV number at its start is read, because the service
 * puts that code nowhere else. Pure.
 */
#ifndef ADEFUSE_KEYVAULT_CLIENT_REFUSAL_H
#define ADEFUSE_KEYVAULT_CLIENT_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "keyvault/client/object_id.h"
#include "net/url.h"

enum {
	REFUSAL_CODE_SIZE = 64
};

struct refusal {
	int status;
	char code[REFUSAL_CODE_SIZE];  /* error.code; empty when missing or not a plain word */
	char inner[REFUSAL_CODE_SIZE]; /* the innermost innererror.code */
	char akv[16];		       /* "AKV10022" or empty */
};

enum vault_operation {
	VAULT_LIST_SECRETS,
	VAULT_LIST_VERSIONS,
	VAULT_GET_SECRET,
	VAULT_UNWRAP,
};

struct refusal_context {
	enum vault_operation operation;
	const struct url *vault;
	const char *object;    /* "NAME" or "NAME/VERSION"; NULL for a listing */
	const char *client_id; /* who is signed in, for the hints; NULL when not known */
	const char *algorithm; /* of an unwrap */
	/*
	 * When the user gave the token: the resource and tenant that it has to be for; else NULL.
	 */
	const char *given_resource;
	const char *given_tenant;
	int64_t retry_after; /* seconds; -1 when not given */
	int64_t elapsed_ms;  /* spent on retries */
};

/* Never fails: what is not understood stays empty. */
void refusal_parse(int status, const char *body, size_t size, struct refusal *ret_refusal);

/*
 * Fills `err` (kind, message, hint). Returns -EACCES sign-in or permission, -EKEYREVOKED disabled,
 * -ENOENT, -EKEYREJECTED an unwrap that the key does not open (by its code: BadParameter), -EBUSY
 * throttled, -EREMOTEIO trouble on the vault's side, -EPROTO anything else.
 */
int refusal_error(const struct refusal *refusal, const struct refusal_context *context,
		  struct err *err);

/* The refusals that a get of this secret would meet: -ENOENT, -EKEYREVOKED. */
int refusal_absent(const struct object_id *secret, struct err *err);
int refusal_disabled(const struct object_id *secret, struct err *err);

/* An answer that is not what the service's documentation says; -EPROTO with ERR_NETWORK. */
int refusal_not_understood(const struct url *vault, const char *why, struct err *err);

#endif
