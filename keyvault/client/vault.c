/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Challenge, token, request, and what came of it; see vault.h.
 *
 * Threads: clones of a client share what is known of vaults, under `lock`. The lock is held while a
 * vault is asked for its challenge and while somebody signs in, on purpose: whoever needs the same
 * waits, and finds it there. Requests with a token are made without it.
 */
#include "keyvault/client/vault.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/log.h"

enum {
	KNOWN_MAX = 16 /* vaults of one session */
};

struct known {
	struct url *vault;
	struct challenge *challenge;
	uint64_t serial; /* tells it from what was known of the same vault before */
	bool fresh;	 /* its token was got for it and has not been answered yet */
};

struct shared {
	pthread_mutex_t lock; /* of all below */
	struct known known[KNOWN_MAX];
	size_t next; /* slot to fill, the oldest */
	uint64_t serials;
};

struct vault_client {
	struct entra *entra;
	const struct fetcher *fetcher;
	const struct vault_trust *trust;
	struct shared *shared;
	bool is_clone;
};

/* What a request is sent with. */
struct ticket {
	struct entra_token token;
	uint64_t serial;      /* of the challenge that it answers */
	bool is_old;	      /* it was kept from before: if it is refused, another may serve */
	char *given_resource; /* when the token was given ready: what it has to be for */
	char *given_tenant;
};

static void ticket_clear_cleanup(struct ticket *ticket)
{
	entra_token_clear(&ticket->token);
	free(ticket->given_resource);
	free(ticket->given_tenant);
}

struct vault_client *vault_client_new(struct entra *entra, const struct vault_trust *trust)
{
	struct vault_client *client = calloc(1, sizeof(*client));
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!client || !shared || pthread_mutex_init(&shared->lock, NULL) != 0) {
		free(client);
		free(shared);
		return NULL;
	}
	client->entra = entra;
	client->fetcher = entra_fetcher(entra);
	client->trust = trust;
	client->shared = shared;
	return client;
}

struct vault_client *vault_client_clone(const struct vault_client *client,
					const struct fetcher *fetcher)
{
	struct vault_client *clone = calloc(1, sizeof(*clone));

	if (!clone)
		return NULL;
	*clone = *client;
	clone->fetcher = fetcher;
	clone->is_clone = true;
	return clone;
}

const struct fetcher *vault_client_fetcher(const struct vault_client *client)
{
	return client->fetcher;
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
	if (!client->is_clone) {
		for (size_t i = 0; i < KNOWN_MAX; i++)
			known_clear(&client->shared->known[i]);
		(void)pthread_mutex_destroy(&client->shared->lock);
		free(client->shared);
	}
	free(client);
}

static struct known *find_known(struct shared *shared, const struct url *url)
{
	for (size_t i = 0; i < KNOWN_MAX; i++) {
		struct known *known = &shared->known[i];

		if (known->vault && url_same_origin(known->vault, url))
			return known;
	}
	return NULL;
}

/* The host of a deleted vault does not exist. */
static int no_such_vault(const struct vault_client *client, const struct url *url, int result,
			 struct err *err)
{
	char name[128];

	if (result != -ENXIO || !vault_cloud_resource(client->trust->cloud, url))
		return result;
	vault_cloud_vault_name(url, name, sizeof(name));
	(void)err_set(err, ERR_NOT_FOUND, ENXIO, "there is no vault '%s': host '%s' does not exist",
		      name, url->host);
	err_hint(err, "check the name; a deleted vault shows in az keyvault list-deleted");
	return result;
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
	int result = fetch(client->fetcher, &request, ret_result, err);

	return result == 0 ? 0 : no_such_vault(client, call->url, result, err);
}

static int refused(const struct vault_call *call, const struct fetch_result *answer,
		   const struct ticket *ticket, struct err *err)
{
	const struct http_response *response = &answer->response;
	struct refusal_context context = {
		.operation = call->operation,
		.vault = call->url,
		.object = call->object,
		.client_id = ticket->token.client_id,
		.given_resource = ticket->given_resource,
		.given_tenant = ticket->given_tenant,
		.algorithm = call->algorithm,
		.retry_after = response->retry_after,
		.elapsed_ms = answer->elapsed_ms,
	};
	struct refusal refusal;

	refusal_parse(response->status, secret_text(response->body), secret_size(response->body),
		      &refusal);
	log_debug("'%s' refuses: HTTP %d %s %s %s", call->url->host, refusal.status, refusal.code,
		  refusal.inner, refusal.akv);
	return refusal_error(&refusal, &context, err);
}

/* Under the lock, as the next three. */
static int remember(struct shared *shared, const struct url *url, struct challenge *challenge,
		    struct known **ret_known)
{
	struct known *known = &shared->known[shared->next];

	shared->next = (shared->next + 1) % KNOWN_MAX;
	known_clear(known);
	known->challenge = challenge;
	known->serial = ++shared->serials;
	known->vault = url_at(url, "/", NULL);
	if (!known->vault) {
		known_clear(known);
		return -ENOMEM;
	}
	*ret_known = known;
	return 0;
}

static int read_challenge(const struct http_response *response, const char *host,
			  struct challenge **ret_challenge, struct err *err)
{
	int result;

	if (response->status != 401) {
		result = err_set(err, ERR_NETWORK, EPROTO,
				 "'%s' answers without a token: it is not a Key Vault", host);
	} else if (!response->www_authenticate) {
		result = err_set(err, ERR_NETWORK, EPROTO,
				 "'%s' does not say how to sign in: it is not a Key Vault", host);
	} else {
		result = challenge_parse(response->www_authenticate, ret_challenge, err);
		if (result == -EPROTO)
			err_prefix(err, "'%s'", host);
	}
	if (result == -EPROTO)
		err_hint(err,
			 "check that '%s' is the right host, and that no proxy changes its answers",
			 host);
	return result;
}

/* Ask without a token and a body, to be told whose token is wanted. */
static int learn(struct vault_client *client, const struct vault_call *call,
		 struct known **ret_known, struct err *err)
{
	struct fetch_result answer CLEANUP(fetch_result_clear) = {0};
	struct challenge *challenge CLEANUP(challenge_free) = NULL;
	int result = send_call(client, call, NULL, &answer, err);
	int status = answer.response.status;
	const struct ticket none = {0};

	if (result != 0)
		return result;
	if (status != 401 && (status < 200 || status >= 300))
		return refused(call, &answer, &none, err);
	result = read_challenge(&answer.response, call->url->host, &challenge, err);
	if (result != 0 || !challenge)
		return result;
	result = vault_trust_check_challenge(client->trust, challenge, call->url, err);
	if (result != 0)
		return result;
	log_debug("'%s' belongs to tenant %s", call->url->host, challenge->tenant);
	if (remember(client->shared, call->url, TAKE(challenge), ret_known) != 0)
		return err_nomem(err);
	return 0;
}

/* `refused`: the token that the vault did not take, NULL at first. */
static int get_token(struct vault_client *client, const struct known *known,
		     const struct secret *refused, struct ticket *ticket, struct err *err)
{
	const struct entra_audience audience = {
		.tenant = known->challenge->tenant,
		.resource = known->challenge->resource,
	};
	int result = entra_get_token(client->entra, &audience, refused, &ticket->token, err);

	if (result != 0 || !ticket->token.is_given)
		return result;
	ticket->given_resource = strdup(audience.resource);
	ticket->given_tenant = strdup(audience.tenant);
	return ticket->given_resource && ticket->given_tenant ? 0 : err_nomem(err);
}

static int get_ticket(struct vault_client *client, const struct vault_call *call,
		      const struct secret *refused, struct ticket *ticket, struct err *err)
{
	struct known *known = find_known(client->shared, call->url);
	bool learnt = !known;
	int result = known ? 0 : learn(client, call, &known, err);

	if (result != 0 || !known)
		return result;
	result = get_token(client, known, refused, ticket, err);
	if (learnt)
		known->fresh = result == 0 && !ticket->token.is_old;
	ticket->is_old = !known->fresh;
	ticket->serial = known->serial;
	return result;
}

static int authorise(struct vault_client *client, const struct vault_call *call,
		     const struct secret *refused, struct ticket *ticket, struct err *err)
{
	int result;

	pthread_mutex_lock(&client->shared->lock);
	result = get_ticket(client, call, refused, ticket, err);
	pthread_mutex_unlock(&client->shared->lock);
	return result;
}

/*
 * A vault that refuses a token may have moved to another tenant: its challenge is asked for again.
 */
static void note_answer(struct shared *shared, const struct url *url, uint64_t serial, int status)
{
	struct known *known;

	pthread_mutex_lock(&shared->lock);
	known = find_known(shared, url);
	if (known && known->serial == serial) {
		known->fresh = false;
		if (status == 401)
			known_clear(known);
	}
	pthread_mutex_unlock(&shared->lock);
}

/* One try with a ticket; *ret_again when its token was a kept one, so that a new one may be
 * accepted. */
static int call_once(struct vault_client *client, const struct vault_call *call,
		     const struct ticket *ticket, struct secret **ret_body, bool *ret_again,
		     struct err *err)
{
	struct fetch_result answer CLEANUP(fetch_result_clear) = {0};
	int result = send_call(client, call, ticket->token.value, &answer, err);
	int status = answer.response.status;

	if (result != 0)
		return result;
	note_answer(client->shared, call->url, ticket->serial, status);
	if (status == 200) {
		*ret_body = TAKE(answer.response.body);
		return 0;
	}
	*ret_again = status == 401 && ticket->is_old;
	return refused(call, &answer, ticket, err);
}

int vault_call(struct vault_client *client, const struct vault_call *call, struct secret **ret_body,
	       struct err *err)
{
	struct ticket first CLEANUP(ticket_clear) = {0};
	struct ticket second CLEANUP(ticket_clear) = {0};
	bool again = false;
	int result = vault_trust_check(client->trust, call->url, err);

	if (result == 0)
		result = authorise(client, call, NULL, &first, err);
	if (result == 0)
		result = call_once(client, call, &first, ret_body, &again, err);
	if (result == 0 || !again)
		return result;
	log_debug("the token for '%s' is not accepted any more; getting a new one",
		  call->url->host);
	result = authorise(client, call, first.token.value, &second, err);
	return result == 0 ? call_once(client, call, &second, ret_body, &again, err) : result;
}

int vault_prepare(struct vault_client *client, const struct vault_call *call, struct err *err)
{
	struct ticket ticket CLEANUP(ticket_clear) = {0};
	int result = vault_trust_check(client->trust, call->url, err);

	return result == 0 ? authorise(client, call, NULL, &ticket, err) : result;
}
