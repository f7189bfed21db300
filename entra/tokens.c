/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chain of credentials and cache of tokens; see tokens.h. */
#include "entra/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"

enum {
	CHAIN_MAX = 5,
	CACHE_MAX = 16, /* tenants and resources of one session */
};

/* A way that was tried, and why it did not work. */
struct attempt {
	const struct credential_ops *ops;
	int result;
	struct err why;
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
	const struct credential_ops *used; /* the one that serves; the others are not asked again */
	bool told;			   /* the table has been shown */
	bool restricted;		   /* by AZURE_TOKEN_CREDENTIALS */
	struct cached cache[CACHE_MAX];
	size_t next; /* slot to fill, the oldest */
};

static const struct credential_ops *const all[] = {
	[ENTRA_CREDENTIAL_ENV] = &credential_env,
	[ENTRA_CREDENTIAL_WORKLOAD] = &credential_workload,
	[ENTRA_CREDENTIAL_MANAGED] = &credential_managed,
	[ENTRA_CREDENTIAL_CLI] = &credential_cli,
	[ENTRA_CREDENTIAL_DEVICE] = &credential_device,
	[ENTRA_CREDENTIAL_TOKEN] = &credential_token,
};

/* The order that people know from Microsoft's tools. */
static const struct credential_ops *const chains[][CHAIN_MAX + 1] = {
	[CREDENTIAL_CHAIN_ALL] = {&credential_env, &credential_workload, &credential_managed,
				  &credential_cli, &credential_device},
	[CREDENTIAL_CHAIN_DEV] = {&credential_cli, &credential_device},
	[CREDENTIAL_CHAIN_PROD] = {&credential_env, &credential_workload, &credential_managed},
};

struct tokens *tokens_new(const struct credential_context *context,
			  const struct tokens_options *options)
{
	struct tokens *tokens = calloc(1, sizeof(*tokens));

	if (!tokens)
		return NULL;
	tokens->context = context;
	tokens->restricted = options->restricted;
	if (options->credential != ENTRA_CREDENTIAL_AUTO)
		tokens->chain[0] = all[options->credential];
	else
		memcpy(tokens->chain, chains[options->chain], sizeof(tokens->chain));
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
	if (!tokens->used || !tokens->used->client_id)
		return NULL;
	return tokens->used->client_id(tokens->context);
}

bool tokens_was_given(const struct tokens *tokens)
{
	return tokens->used == &credential_token;
}

static int64_t now_ms(const struct tokens *tokens)
{
	const struct retry_clock *clock = &tokens->context->fetcher->policy.clock;

	return clock->now_ms(clock);
}

static struct cached *find(struct tokens *tokens, const struct entra_audience *audience,
			   const char *identity)
{
	for (size_t i = 0; i < CACHE_MAX; i++) {
		struct cached *cached = &tokens->cache[i];

		if (cached->value && strcasecmp(cached->tenant, audience->tenant) == 0 &&
		    strcmp(cached->resource, audience->resource) == 0 &&
		    strcmp(cached->identity, identity) == 0)
			return cached;
	}
	return NULL;
}

/* Takes the token's value. */
static int keep(struct tokens *tokens, const struct entra_audience *audience, const char *identity,
		struct token *token, const struct secret **ret_token)
{
	struct cached *cached = find(tokens, audience, identity);
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
	cached->tenant = strdup(audience->tenant);
	cached->resource = strdup(audience->resource);
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
		   const struct entra_audience *audience, bool renew,
		   const struct secret **ret_token, bool *ret_kept, struct err *err)
{
	const char *identity = ops->identity ? ops->identity(tokens->context) : NULL;
	const char *kept_as = identity ? identity : ops->name;
	struct cached *cached = find(tokens, audience, kept_as);
	struct token token = {0};
	int result;

	if (cached && !renew && now_ms(tokens) < cached->renew_at) {
		*ret_token = cached->value;
		*ret_kept = true;
		return 0;
	}
	result = ops->get(tokens->context, audience, &token, err);
	if (result != 0)
		return result;
	log_debug("signed in with %s", ops->describe);
	tokens->used = ops;
	if (keep(tokens, audience, kept_as, &token, ret_token) != 0)
		return err_nomem(err);
	return 0;
}

/* What was tried, once in a session: for a second vault it would be the same. */
static void show_table(struct tokens *tokens, const struct attempt *attempts, size_t count)
{
	int width = 0;

	if (tokens->told || count < 2)
		return;
	tokens->told = true;
	credential_tell(tokens->context, "ways to sign in that were tried:");
	for (size_t i = 0; i < count; i++) {
		int length = (int)strlen(attempts[i].ops->describe);

		if (length > width)
			width = length;
	}
	for (size_t i = 0; i < count; i++)
		credential_tell(tokens->context, "  %-*s  %s", width, attempts[i].ops->describe,
				attempts[i].why.message);
}

/* The hint of a way that is almost set up is worth more than a general one. */
static int nobody(const struct tokens *tokens, const struct attempt *attempts, size_t count,
		  struct err *err)
{
	if (count == 1) {
		(void)err_set(err, ERR_SIGNIN, EACCES, "cannot sign in to Azure: %s%s: %s",
			      attempts[0].ops->describe,
			      tokens->restricted ? " (all that AZURE_TOKEN_CREDENTIALS allows)"
						 : "",
			      attempts[0].why.message);
		err_hint(err, "%s", attempts[0].why.hint);
		return -EACCES;
	}
	(void)err_set(err, ERR_SIGNIN, EACCES,
		      "cannot sign in to Azure: none of the %zu ways to sign in%s worked", count,
		      tokens->restricted ? " that AZURE_TOKEN_CREDENTIALS allows" : "");
	for (size_t i = 0; i < count; i++) {
		if (attempts[i].result == CREDENTIAL_PARTIAL && attempts[i].why.hint[0]) {
			err_hint(err, "%s: %s", attempts[i].ops->describe, attempts[i].why.hint);
			return -EACCES;
		}
	}
	err_hint(err, "sign in with az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
		      "AZURE_CLIENT_SECRET; --credential device signs in with any browser");
	return -EACCES;
}

static int walk(struct tokens *tokens, const struct entra_audience *audience, bool renew,
		const struct secret **ret_token, bool *ret_kept, struct attempt *attempts,
		struct err *err)
{
	size_t count = 0;

	for (const struct credential_ops *const *ops = tokens->chain; *ops; ops++) {
		struct attempt *attempt = &attempts[count++];

		*attempt = (struct attempt){.ops = *ops};
		attempt->result =
			try_one(tokens, *ops, audience, renew, ret_token, ret_kept, &attempt->why);
		if (attempt->result == 0)
			return 0;
		if (attempt->result == CREDENTIAL_ABSENT || attempt->result == CREDENTIAL_PARTIAL)
			continue;
		if (attempt->why.kind == ERR_SIGNIN)
			show_table(tokens, attempts, count);
		if (err)
			*err = attempt->why;
		return attempt->result;
	}
	show_table(tokens, attempts, count);
	return nobody(tokens, attempts, count, err);
}

int tokens_get(struct tokens *tokens, const struct entra_audience *audience, bool renew,
	       const struct secret **ret_token, bool *ret_kept, struct err *err)
{
	struct attempt *attempts CLEANUP(free) = NULL;
	bool kept = false;
	int result;

	if (tokens->used) {
		result = try_one(tokens, tokens->used, audience, renew, ret_token, &kept, err);
		/* Not set up any more: another way to sign in does not replace it. */
		if (result == CREDENTIAL_ABSENT || result == CREDENTIAL_PARTIAL)
			result = -EACCES;
	} else {
		attempts = calloc(CHAIN_MAX, sizeof(*attempts));
		result = attempts ? walk(tokens, audience, renew, ret_token, &kept, attempts, err)
				  : err_nomem(err);
	}
	if (result == 0)
		*ret_kept = kept;
	return result;
}
