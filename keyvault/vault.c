/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Challenge, token, request, and what came of it; see vault.h. */
#include "keyvault/vault.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

enum {
	KNOWN_MAX = 16 /* vaults of one session */
};

struct known {
	struct url *vault;
	struct challenge *challenge;
};

struct vault_client {
	const struct fetcher *fetcher;
	const struct vault_trust *trust;
	struct tokens *tokens;
	struct known known[KNOWN_MAX];
	size_t next; /* slot to fill, the oldest */
};

struct vault_client *vault_client_new(const struct fetcher *fetcher,
				      const struct vault_trust *trust, struct tokens *tokens)
{
	struct vault_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->fetcher = fetcher;
	client->trust = trust;
	client->tokens = tokens;
	return client;
}

static void known_clear(struct known *known)
{
	url_free(known->vault);
	challenge_free(known->challenge);
	*known = (struct known){0};
}

void vault_client_free(struct vault_client *client)
{
	if (!client)
		return;
	for (size_t i = 0; i < KNOWN_MAX; i++)
		known_clear(&client->known[i]);
	free(client);
}

static struct known *find_known(struct vault_client *client, const struct url *url)
{
	for (size_t i = 0; i < KNOWN_MAX; i++) {
		if (client->known[i].vault && url_same_origin(client->known[i].vault, url))
			return &client->known[i];
	}
	return NULL;
}

/* A vault that is gone is a name that is gone. */
static int no_such_vault(const struct vault_client *client, const struct url *url, int r,
			 struct err *err)
{
	char name[128];

	if (r != -ENXIO || !cloud_resource_of(client->trust->cloud, url))
		return r;
	cloud_vault_name(url, name, sizeof(name));
	(void)err_set(err, ERR_NOT_FOUND, ENXIO, "there is no vault '%s': host '%s' does not exist",
		      name, url->host);
	err_hint(err, "check the name; a deleted vault shows in az keyvault list-deleted");
	return r;
}

static int send_call(struct vault_client *client, const struct vault_call *call,
		     const struct secret *bearer, struct fetch_result *ret_result, struct err *err)
{
	struct http_request request = {
		.method = call->method,
		.url = call->url,
		.bearer = bearer,
		.body = bearer ? call->body : NULL,
		.content_type = bearer && call->body ? "application/json" : NULL,
	};
	int r = fetch(client->fetcher, &request, ret_result, err);

	return r == 0 ? 0 : no_such_vault(client, call->url, r, err);
}

static int refused(const struct vault_client *client, const struct vault_call *call,
		   const struct fetch_result *result, struct err *err)
{
	const struct http_response *response = &result->response;
	struct refusal_context context = {
		.operation = call->operation,
		.vault = call->url,
		.object = call->object,
		.client_id = tokens_client_id(client->tokens),
		.algorithm = call->algorithm,
		.retry_after = response->retry_after,
		.elapsed_ms = result->elapsed_ms,
	};
	struct refusal refusal;

	refusal_parse(response->status, secret_text(response->body), secret_size(response->body),
		      &refusal);
	log_debug("'%s' refuses: HTTP %d %s %s %s", call->url->host, refusal.status, refusal.code,
		  refusal.inner, refusal.akv);
	return refusal_error(&refusal, &context, err);
}

static int remember(struct vault_client *client, const struct url *url, struct challenge *challenge,
		    struct known **ret_known)
{
	struct known *known = &client->known[client->next];

	client->next = (client->next + 1) % KNOWN_MAX;
	known_clear(known);
	known->challenge = challenge;
	known->vault = url_at(url, "/", NULL);
	if (!known->vault) {
		known_clear(known);
		return -ENOMEM;
	}
	*ret_known = known;
	return 0;
}

/* Ask without a token and a body, to be told whose token is wanted. */
static int learn(struct vault_client *client, const struct vault_call *call,
		 struct known **ret_known, struct err *err)
{
	struct fetch_result result CLEANUP(fetch_result_clear) = {0};
	struct challenge *challenge CLEANUP(challenge_free) = NULL;
	int r = send_call(client, call, NULL, &result, err);
	int status = result.response.status;

	if (r != 0)
		return r;
	if (status >= 200 && status < 300)
		return err_set(err, ERR_NETWORK, EPROTO,
			       "'%s' answers without a token: it is not a Key Vault",
			       call->url->host);
	if (status != 401)
		return refused(client, call, &result, err);
	if (!result.response.www_authenticate)
		return err_set(err, ERR_NETWORK, EPROTO,
			       "'%s' does not say how to sign in: it is not a Key Vault",
			       call->url->host);
	r = challenge_parse(result.response.www_authenticate, &challenge, err);
	if (r == 0)
		r = challenge_check(challenge, client->trust, call->url, err);
	if (r != 0)
		return r;
	log_debug("'%s' belongs to tenant %s", call->url->host, challenge->tenant);
	if (remember(client, call->url, TAKE(challenge), ret_known) != 0)
		return err_nomem(err);
	return 0;
}

/* One try with a token; *ret_again when it was a kept one that is worth getting anew. */
static int call_once(struct vault_client *client, const struct vault_call *call, bool renew,
		     struct secret **ret_body, bool *ret_again, struct err *err)
{
	struct fetch_result result CLEANUP(fetch_result_clear) = {0};
	struct known *known = find_known(client, call->url);
	struct credential_request wanted;
	const struct secret *token = NULL;
	bool old = known != NULL;
	bool kept = false;
	int r = 0;

	if (!known)
		r = learn(client, call, &known, err);
	if (r != 0 || !known)
		return r;
	wanted.tenant = known->challenge->tenant;
	wanted.resource = known->challenge->resource;
	r = tokens_get(client->tokens, &wanted, renew, &token, &kept, err);
	if (r == 0)
		r = send_call(client, call, token, &result, err);
	if (r != 0)
		return r;
	if (result.response.status == 200) {
		*ret_body = TAKE(result.response.body);
		return 0;
	}
	if (result.response.status == 401) {
		known_clear(known);
		*ret_again = old || kept;
	}
	return refused(client, call, &result, err);
}

int vault_call(struct vault_client *client, const struct vault_call *call, struct secret **ret_body,
	       struct err *err)
{
	bool again = false;
	int r = trust_check(client->trust, call->url, err);

	if (r != 0)
		return r;
	r = call_once(client, call, false, ret_body, &again, err);
	if (r != 0 && again) {
		log_debug("the token for '%s' is not taken any more; getting a new one",
			  call->url->host);
		r = call_once(client, call, true, ret_body, &again, err);
	}
	return r;
}
