/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sign in as this machine's managed identity, through whichever endpoint the machine has (see
 * managed.h). When the ways to sign in are tried in turn, IMDS is probed first, for one second: on
 * a machine outside Azure nothing answers there.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "entra/credential/arc.h"
#include "entra/credential/managed.h"
#include "entra/identity/tenant.h"

enum {
	PROBE_MS = 1000,
	CUT_IS_LIKE = 503, /* a cut connection passes, as this status does */
};

static struct entra_identity chosen_identity(const struct credential_context *context,
					     enum managed_source source)
{
	struct entra_identity identity = context->identity;

	/* Arc has the machine's own only; AZURE_CLIENT_ID is then meant for something else. */
	if (identity.kind != ENTRA_IDENTITY_DEFAULT || source == MANAGED_ARC)
		return identity;
	identity.value = credential_env_value("AZURE_CLIENT_ID");
	if (identity.value)
		identity.kind = ENTRA_IDENTITY_CLIENT;
	return identity;
}

static const char *managed_identity(const struct credential_context *context)
{
	const char *value = chosen_identity(context, MANAGED_IMDS).value;

	return value ? value : "managed";
}

static const char *managed_client_id(const struct credential_context *context)
{
	struct entra_identity identity = chosen_identity(context, MANAGED_IMDS);

	return identity.kind == ENTRA_IDENTITY_CLIENT ? identity.value : NULL;
}

static int nobody_there(struct err *err)
{
	(void)err_set(err, ERR_SIGNIN, ENODATA, "this machine has no managed identity endpoint");
	err_hint(err, "it exists on Azure VMs, App Service and Arc machines only");
	return CREDENTIAL_ABSENT;
}

/* Any answer means that the endpoint is there; without the Metadata header it is a refusal. */
static int probe(const struct credential_context *context, const struct managed_endpoint *endpoint,
		 struct err *err)
{
	struct http_response response = {0};
	struct http_request request = {
		.method = "GET",
		.url = endpoint->url,
		.timeout_ms = PROBE_MS,
	};
	int result;

	if (context->asked_for || endpoint->source != MANAGED_IMDS)
		return 0;
	result = http_send(context->fetcher->http, &request, &response, err);
	http_response_clear(&response);
	if (result == -ENOMEM || result == -EINTR)
		return result;
	return result == 0 ? 0 : nobody_there(err);
}

/*
 * The endpoint is local: what http_failure says about networks does not fit. That no connection
 * can be made is reported by the caller.
 */
static int no_answer(const struct url *url, int result, struct err *err)
{
	if (result == -ETIMEDOUT) {
		(void)err_set(err, ERR_NETWORK, ETIMEDOUT,
			      "the managed identity endpoint '%s' did not answer in time",
			      url->host);
		err_hint(err, "it exists on Azure VMs, App Service and Arc machines only; there, "
			      "allow more time with --timeout; else sign in another way: "
			      "--credential env, cli or device");
	} else if (result != -EINTR && result != -ENOMEM) {
		err_prefix(err, "managed identity");
	}
	return result;
}

/* One request, repeated as IMDS wants it. */
static int ask(const struct credential_context *context, const struct url *url,
	       const struct secret *const *headers, struct http_response *ret_response,
	       struct err *err)
{
	const struct retry_policy *policy = &context->fetcher->policy;
	int64_t start = policy->clock.now_ms(&policy->clock);
	int64_t elapsed = 0;
	int64_t spent = 0;
	struct http_request request = {.method = "GET", .url = url};

	for (size_t i = 0; i < HTTP_LOCAL_HEADERS_MAX; i++)
		request.local_headers[i] = headers[i];
	for (unsigned int attempt = 1;; attempt++) {
		int64_t wait;
		int status;
		int result;

		request.timeout_ms = retry_attempt_ms((int64_t)policy->deadline_ms - spent);
		result = http_send(context->fetcher->http, &request, ret_response, err);
		elapsed = policy->clock.now_ms(&policy->clock) - start;
		status = result == -ECONNRESET ? CUT_IS_LIKE : ret_response->status;
		if (result != 0 && result != -ECONNRESET)
			return no_answer(url, result, err);
		wait = managed_wait(status, attempt, elapsed, policy->base_ms);
		if (wait < 0 || (status != 410 && elapsed + wait > (int64_t)policy->deadline_ms))
			return result == 0 ? 0 : no_answer(url, result, err);
		/* It is asked for 70 s after a 410, whatever the user allows. */
		spent = status == 410 ? 0 : elapsed + wait;
		if (result == 0)
			log_info("the managed identity endpoint answers HTTP %d; asking again",
				 status);
		else
			log_info("the managed identity endpoint cut the connection; asking again");
		http_response_clear(ret_response);
		if (policy->clock.sleep_ms(&policy->clock, wait) == -EINTR)
			return err_set(err, ERR_OTHER, EINTR, "interrupted");
	}
}

/* IDENTITY_HEADER goes into a header as it is. */
static bool header_ok(const char *value)
{
	for (; *value; value++) {
		if ((unsigned char)*value <= 0x20 || (unsigned char)*value >= 0x7f)
			return false;
	}
	return true;
}

/* Answer Arc's challenge with the file that it names. */
static int ask_arc(const struct credential_context *context, const struct url *url,
		   const struct secret *metadata, struct http_response *response, struct err *err)
{
	const struct secret *headers[HTTP_LOCAL_HEADERS_MAX] = {metadata};
	struct secret *key CLEANUP(secret_free) = NULL;
	struct secret *answer CLEANUP(secret_free) = NULL;
	char path[ARC_PATH_MAX];
	int result = ask(context, url, headers, response, err);

	if (result != 0 || response->status != 401)
		return result;
	result = arc_parse_realm(response->www_authenticate, ARC_KEY_FOLDER, path, err);
	if (result == 0)
		result = arc_read_key(path, &key, err);
	http_response_clear(response);
	if (result != 0)
		return result;
	answer = http_header("Authorization: Basic ", secret_bytes(key), secret_size(key));
	if (!answer)
		return err_nomem(err);
	headers[1] = answer;
	return ask(context, url, headers, response, err);
}

static int ask_source(const struct credential_context *context,
		      const struct managed_endpoint *endpoint, const char *query,
		      struct http_response *response, struct err *err)
{
	bool app_service = endpoint->source == MANAGED_APP_SERVICE;
	const char *header = credential_env_value("IDENTITY_HEADER");
	struct url *url CLEANUP(url_free) = url_at(endpoint->url, endpoint->url->path, query);
	struct secret *line CLEANUP(secret_free) = NULL;
	const struct secret *headers[HTTP_LOCAL_HEADERS_MAX] = {NULL};

	if (app_service && (!header || !header_ok(header)))
		return err_set(err, ERR_USAGE, EINVAL,
			       "IDENTITY_HEADER cannot be a header's value");
	line = app_service ? http_header("X-IDENTITY-HEADER: ", header, strlen(header))
			   : http_header("Metadata: ", "true", 4);
	if (!url || !line)
		return err_nomem(err);
	if (endpoint->source == MANAGED_ARC)
		return ask_arc(context, url, line, response, err);
	headers[0] = line;
	return ask(context, url, headers, response, err);
}

static int check_identity(const struct credential_context *context,
			  const struct managed_endpoint *endpoint, struct err *err)
{
	const char *client = credential_env_value("AZURE_CLIENT_ID");
	int result;

	if (endpoint->source == MANAGED_ARC && context->identity.kind != ENTRA_IDENTITY_DEFAULT) {
		result = err_set(err, ERR_USAGE, EINVAL,
				 "an Azure Arc machine has one managed identity, its own");
		err_hint(err, "leave --identity out");
		return result;
	}
	if (context->identity.kind == ENTRA_IDENTITY_DEFAULT && client)
		return credential_check_client(client, err);
	return 0;
}

static int managed_get(const struct credential_context *context,
		       const struct entra_audience *audience, struct token *ret_token,
		       struct err *err)
{
	struct managed_endpoint endpoint CLEANUP(managed_endpoint_clear) = {0};
	struct http_response response = {0};
	struct entra_identity identity;
	char *query CLEANUP(free) = NULL;
	const char *tenant;
	int result = managed_find(access(ARC_AGENT, F_OK) == 0, &endpoint, err);

	if (result == 0)
		result = check_identity(context, &endpoint, err);
	/*
	 * The endpoint gives tokens of the machine's tenant: --tenant can confirm that, not
	 * choose.
	 */
	if (result == 0)
		result = tenant_choose(context->tenant, audience->tenant, &tenant, err);
	if (result == 0)
		result = probe(context, &endpoint, err);
	if (result != 0)
		return result;
	identity = chosen_identity(context, endpoint.source);
	query = managed_query(endpoint.source, audience->resource, &identity);
	if (!query)
		return err_nomem(err);
	result = ask_source(context, &endpoint, query, &response, err);
	if (result == 0)
		result = managed_parse(endpoint.source, response.status, secret_text(response.body),
				       secret_size(response.body), time(NULL), ret_token, err);
	http_response_clear(&response);
	if (result == -EHOSTUNREACH || result == -ECONNREFUSED || result == -EHOSTDOWN)
		return nobody_there(err);
	return result;
}

const struct credential_ops credential_managed = {
	.name = "managed",
	.describe = "managed identity",
	.identity = managed_identity,
	.client_id = managed_client_id,
	.get = managed_get,
};
