/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session: puts settings, requests and the chain of credentials together; see entra.h. */
#include "entra/entra.h"

#include <errno.h>
#include <pthread.h>

#include "entra/identity/authority.h"
#include "entra/identity/tenant.h"
#include "entra/tokens.h"

enum {
	TIMEOUT_SECONDS_MAX = 24 * 3600
};

struct entra {
	enum entra_cloud cloud;
	struct fetcher fetcher; /* the caller's requests */
	struct fetcher signin;	/* those of whichever thread signs in, under the lock */
	struct url *authority;
	pthread_mutex_t lock; /* of all below; held while somebody signs in */
	struct credential_context context;
	struct credential_state state;
	struct tokens *tokens;
};

static int make_policy(const struct entra_settings *settings, struct retry_policy *policy,
		       struct err *err)
{
	if (settings->timeout_seconds > TIMEOUT_SECONDS_MAX)
		return err_set(err, ERR_USAGE, EINVAL, "a time limit of more than a day");
	policy->clock = retry_system_clock(settings->interrupted);
	policy->base_ms = settings->retry_base_ms ? settings->retry_base_ms : RETRY_BASE_MS;
	policy->deadline_ms =
		settings->timeout_seconds ? settings->timeout_seconds * 1000 : RETRY_DEADLINE_MS;
	return 0;
}

/* First of all the library is loaded: what follows reads URLs with it. */
static int make_fetchers(const struct entra_settings *settings, struct entra *entra,
			 struct err *err)
{
	struct http_options options = {
		.ca_file = settings->ca_file,
		.interrupted = settings->interrupted,
	};
	int result = http_new(&options, &entra->fetcher.http, err);

	if (result == 0)
		result = http_clone(entra->fetcher.http, settings->interrupted, &entra->signin.http,
				    err);
	if (result == 0)
		result = make_policy(settings, &entra->fetcher.policy, err);
	entra->signin.policy = entra->fetcher.policy;
	return result;
}

static int make_tokens(const struct entra_settings *settings, struct entra *entra, struct err *err)
{
	struct tokens_options options = {.credential = settings->credential};
	int result = 0;

	if (options.credential == ENTRA_CREDENTIAL_AUTO)
		result = credential_restrict(&options.credential, &options.chain,
					     &options.restricted, err);
	if (result == 0)
		result = authority_find(settings->cloud, &entra->authority, err);
	if (result != 0)
		return result;
	entra->context = (struct credential_context){
		.fetcher = &entra->signin,
		.authority = entra->authority,
		.tenant = settings->tenant,
		.identity = settings->identity,
		.person = settings->person,
		.state = &entra->state,
		.asked_for = options.credential != ENTRA_CREDENTIAL_AUTO,
	};
	entra->tokens = tokens_new(&entra->context, &options);
	return entra->tokens ? 0 : err_nomem(err);
}

int entra_new(const struct entra_settings *settings, struct entra **ret_entra, struct err *err)
{
	struct entra *entra CLEANUP(entra_free) = calloc(1, sizeof(*entra));
	int result;

	if (!entra || pthread_mutex_init(&entra->lock, NULL) != 0) {
		free(TAKE(entra)); /* without a lock to destroy */
		return err_nomem(err);
	}
	entra->cloud = settings->cloud;
	result = make_fetchers(settings, entra, err);
	if (result == 0)
		result = tenant_check(settings->tenant, err);
	if (result == 0)
		result = make_tokens(settings, entra, err);
	if (result == 0)
		*ret_entra = TAKE(entra);
	return result;
}

void entra_free(struct entra *entra)
{
	if (!entra)
		return;
	tokens_free(entra->tokens);
	credential_state_clear(&entra->state);
	url_free(entra->authority);
	http_free(entra->signin.http);
	http_free(entra->fetcher.http);
	(void)pthread_mutex_destroy(&entra->lock);
	free(entra);
}

enum entra_cloud entra_cloud_of(const struct entra *entra)
{
	return entra->cloud;
}

const struct fetcher *entra_fetcher(const struct entra *entra)
{
	return &entra->fetcher;
}

void entra_token_clear(struct entra_token *token)
{
	secret_free(token->value);
	*token = (struct entra_token){0};
}

/* Under the lock. The copy is the caller's: another thread may have the kept one renewed. */
static int get_token(struct tokens *tokens, const struct entra_audience *audience,
		     const struct secret *refused, struct entra_token *ret_token, struct err *err)
{
	const struct secret *value = NULL;
	struct secret *copy;
	bool is_old = false;
	int result = tokens_get(tokens, audience, false, &value, &is_old, err);

	/* Unless another thread has had it renewed in the meantime. */
	if (result == 0 && refused && secret_equal(value, refused))
		result = tokens_get(tokens, audience, true, &value, &is_old, err);
	if (result != 0)
		return result;
	copy = secret_copy(secret_bytes(value), secret_size(value));
	if (!copy)
		return err_nomem(err);
	*ret_token = (struct entra_token){
		.value = copy,
		.is_old = is_old,
		.is_given = tokens_was_given(tokens),
		.client_id = tokens_client_id(tokens),
	};
	return 0;
}

int entra_get_token(struct entra *entra, const struct entra_audience *audience,
		    const struct secret *refused, struct entra_token *ret_token, struct err *err)
{
	int result;

	pthread_mutex_lock(&entra->lock);
	result = get_token(entra->tokens, audience, refused, ret_token, err);
	pthread_mutex_unlock(&entra->lock);
	return result;
}
