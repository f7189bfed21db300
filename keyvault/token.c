/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chain of credentials and cache of tokens; see token.h. */
#include "keyvault/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"

enum {
	CHAIN_MAX = 2,
	TOKEN_MAX = 64 << 10, /* characters; real ones have 1 to 8 thousand */
	CACHE_MAX = 16,	      /* tenants and resources of one session */
};

struct cached {
	char *tenant;
	char *resource;
	char *identity;
	struct secret *value;
	int64_t renew_at; /* ms of the retry clock */
};

struct tokens {
	const struct credential_context *context;
	const struct credential_ops *chain[CHAIN_MAX + 1];
	const struct credential_ops *used; /* the one that served last */
	struct cached cache[CACHE_MAX];
	size_t next; /* slot to fill, the oldest */
};

struct tokens *tokens_new(const struct credential_context *context,
			  enum keyvault_credential credential)
{
	struct tokens *tokens = calloc(1, sizeof(*tokens));
	size_t count = 0;

	if (!tokens)
		return NULL;
	tokens->context = context;
	if (credential != KEYVAULT_CREDENTIAL_CLI)
		tokens->chain[count++] = &credential_env;
	if (credential != KEYVAULT_CREDENTIAL_ENV)
		tokens->chain[count++] = &credential_cli;
	return tokens;
}

static void cached_clear(struct cached *cached)
{
	free(cached->tenant);
	free(cached->resource);
	free(cached->identity);
	secret_free(cached->value);
	*cached = (struct cached){0};
}

void tokens_free(struct tokens *tokens)
{
	if (!tokens)
		return;
	for (size_t i = 0; i < CACHE_MAX; i++)
		cached_clear(&tokens->cache[i]);
	free(tokens);
}

const char *tokens_client_id(const struct tokens *tokens)
{
	return tokens->used == &credential_env ? credential_env.identity(tokens->context) : NULL;
}

static int64_t now_ms(const struct tokens *tokens)
{
	const struct retry_clock *clock = &tokens->context->fetcher->policy.clock;

	return clock->now_ms(clock);
}

static struct cached *find(struct tokens *tokens, const struct credential_request *request,
			   const char *identity)
{
	for (size_t i = 0; i < CACHE_MAX; i++) {
		struct cached *cached = &tokens->cache[i];

		if (cached->value && strcasecmp(cached->tenant, request->tenant) == 0 &&
		    strcmp(cached->resource, request->resource) == 0 &&
		    strcmp(cached->identity, identity) == 0)
			return cached;
	}
	return NULL;
}

/* Takes the token's value. */
static int keep(struct tokens *tokens, const struct credential_request *request,
		const char *identity, struct token *token, const struct secret **ret_token)
{
	struct cached *cached = find(tokens, request, identity);
	/* One that lives shorter than the margin is used for half its life. */
	int64_t use = token->lifetime > INT64_C(2) * TOKEN_RENEW_BEFORE
			      ? token->lifetime - TOKEN_RENEW_BEFORE
			      : token->lifetime / 2;

	if (!cached) {
		cached = &tokens->cache[tokens->next];
		tokens->next = (tokens->next + 1) % CACHE_MAX;
	}
	cached_clear(cached);
	cached->value = TAKE(token->value);
	cached->tenant = strdup(request->tenant);
	cached->resource = strdup(request->resource);
	cached->identity = strdup(identity);
	cached->renew_at = now_ms(tokens) + use * 1000;
	if (!cached->tenant || !cached->resource || !cached->identity) {
		cached_clear(cached);
		return -ENOMEM;
	}
	*ret_token = cached->value;
	return 0;
}

static int try_one(struct tokens *tokens, const struct credential_ops *ops,
		   const struct credential_request *request, bool renew,
		   const struct secret **ret_token, bool *ret_kept, struct err *err)
{
	const char *identity = ops->identity(tokens->context);
	struct cached *cached = identity ? find(tokens, request, identity) : NULL;
	struct token token = {0};
	int r;

	if (cached && !renew && now_ms(tokens) < cached->renew_at) {
		*ret_token = cached->value;
		tokens->used = ops;
		*ret_kept = true;
		return 0;
	}
	r = ops->get(tokens->context, request, &token, err);
	if (r != 0)
		return r;
	log_debug("signed in with %s", ops->describe);
	tokens->used = ops;
	if (keep(tokens, request, identity ? identity : ops->name, &token, ret_token) != 0)
		return err_nomem(err);
	return 0;
}

int tokens_get(struct tokens *tokens, const struct credential_request *request, bool renew,
	       const struct secret **ret_token, bool *ret_kept, struct err *err)
{
	bool kept = false;
	char reasons[ERR_TEXT_MAX] = "";
	char hint[ERR_TEXT_MAX] = "";
	size_t used = 0;

	for (const struct credential_ops *const *ops = tokens->chain; *ops; ops++) {
		struct err why = {0};
		int length;
		int r = try_one(tokens, *ops, request, renew, ret_token, &kept, &why);

		if (r != -ENODATA) {
			if (r != 0 && err)
				*err = why;
			if (r == 0 && ret_kept)
				*ret_kept = kept;
			return r;
		}
		length = snprintf(reasons + used, sizeof(reasons) - used, "%s%s: %s",
				  used ? "; " : "", (*ops)->describe, why.message);
		if (length > 0 && (size_t)length < sizeof(reasons) - used)
			used += (size_t)length;
		memcpy(hint, why.hint, sizeof(hint));
	}
	(void)err_set(err, ERR_SIGNIN, EACCES, "cannot sign in to Azure: %s", reasons);
	if (tokens->chain[1])
		err_hint(err, "sign in with az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
			      "AZURE_CLIENT_SECRET");
	else if (*hint)
		err_hint(err, "%s", hint);
	return -EACCES;
}

/* Whether a `;`-separated list has the tenant, or `*`. */
static bool listed(const char *list, const char *tenant)
{
	size_t length = strlen(tenant);

	while (list && *list) {
		size_t entry = strcspn(list, ";");
		size_t skip = strspn(list, " ");

		if (skip > entry)
			skip = entry;
		if (entry - skip == 1 && list[skip] == '*')
			return true;
		if (entry - skip >= length && strncasecmp(list + skip, tenant, length) == 0 &&
		    strspn(list + skip + length, " ") == entry - skip - length)
			return true;
		list += entry;
		if (*list == ';')
			list++;
	}
	return false;
}

int credential_choose_tenant(const char *configured, const char *vault_tenant,
			     const char **ret_tenant, struct err *err)
{
	int r;

	if (!configured || strcasecmp(configured, vault_tenant) == 0 ||
	    listed(getenv("AZURE_ADDITIONALLY_ALLOWED_TENANTS"), vault_tenant)) {
		*ret_tenant = vault_tenant;
		return 0;
	}
	if (strchr(configured, '.') && !strchr(vault_tenant, '.')) {
		*ret_tenant = configured;
		return 0;
	}
	r = err_set(err, ERR_SIGNIN, EPERM,
		    "the vault belongs to tenant '%s', but sign-in is set to tenant '%s'",
		    vault_tenant, configured);
	err_hint(err, "if both are right, allow it: AZURE_ADDITIONALLY_ALLOWED_TENANTS=%s",
		 vault_tenant);
	return r;
}

bool credential_token_ok(const struct secret *token)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~+/=";
	size_t size = secret_size(token);

	return size > 0 && size <= TOKEN_MAX && strspn(secret_text(token), allowed) == size;
}

bool keyvault_credential_parse(const char *name, enum keyvault_credential *ret_credential)
{
	if (strcmp(name, "auto") == 0)
		*ret_credential = KEYVAULT_CREDENTIAL_AUTO;
	else if (strcmp(name, credential_env.name) == 0)
		*ret_credential = KEYVAULT_CREDENTIAL_ENV;
	else if (strcmp(name, credential_cli.name) == 0)
		*ret_credential = KEYVAULT_CREDENTIAL_CLI;
	else
		return false;
	return true;
}
