/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Endpoints, requests and answers of managed identities; see managed.h. */
#include "entra/credential/managed.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "entra/credential/endpoint.h"
#include "net/json.h"

#define IMDS_HOST "http://169.254.169.254"
#define IMDS_PATH "/metadata/identity/oauth2/token"
#define ARC_URL	  "http://127.0.0.1:40342" IMDS_PATH

static const struct {
	const char *name;
	const char *version;
	const char *resource_id; /* parameter of an identity given by resource id */
} sources[] = {
	[MANAGED_IMDS] = {"IMDS", "2018-02-01", "msi_res_id"},
	[MANAGED_APP_SERVICE] = {"App Service", "2019-08-01", "mi_res_id"},
	[MANAGED_ARC] = {"Azure Arc", "2020-06-01", "msi_res_id"},
};

void managed_endpoint_clear(struct managed_endpoint *endpoint)
{
	url_free(endpoint->url);
	*endpoint = (struct managed_endpoint){0};
}

static int parse_endpoint(const char *text, const char *variable, struct url **ret_url,
			  struct err *err)
{
	int result = url_parse_local(text, ret_url, err);

	if (result == -EINVAL) {
		err_prefix(err, "%s", variable);
		err_hint(err, "Azure sets it to an http URL on this machine; unset it if it is not "
			      "Azure's");
	}
	return result;
}

static int find_imds(struct url **ret_url, struct err *err)
{
	struct url *host CLEANUP(url_free) = NULL;
	const char *given = credential_env_value("AZURE_POD_IDENTITY_AUTHORITY_HOST");
	int result = parse_endpoint(given ? given : IMDS_HOST, "AZURE_POD_IDENTITY_AUTHORITY_HOST",
				    &host, err);

	if (result != 0)
		return result;
	*ret_url = url_at(host, IMDS_PATH, NULL);
	return *ret_url ? 0 : err_nomem(err);
}

int managed_find(bool arc_agent, struct managed_endpoint *ret_endpoint, struct err *err)
{
	const char *given = credential_env_value("IDENTITY_ENDPOINT");
	struct url *parsed CLEANUP(url_free) = NULL;
	struct managed_endpoint endpoint = {.source = MANAGED_IMDS};
	int result;

	if (given && credential_env_value("IDENTITY_HEADER"))
		endpoint.source = MANAGED_APP_SERVICE;
	else if ((given && credential_env_value("IMDS_ENDPOINT")) || arc_agent)
		endpoint.source = MANAGED_ARC;
	if (endpoint.source == MANAGED_IMDS) {
		result = find_imds(&endpoint.url, err);
		if (result == 0)
			*ret_endpoint = endpoint;
		return result;
	}
	result = parse_endpoint(given ? given : ARC_URL, "IDENTITY_ENDPOINT", &parsed, err);
	if (result != 0)
		return result;
	endpoint.url = url_at(parsed, parsed->path, NULL);
	if (!endpoint.url)
		return err_nomem(err);
	*ret_endpoint = endpoint;
	return 0;
}

char *managed_query(enum managed_source source, const char *resource,
		    const struct entra_identity *identity)
{
	struct secret *form CLEANUP(secret_free) = NULL;
	const char *parameter = "client_id";
	bool named = identity->value && *identity->value;

	if (identity->kind == ENTRA_IDENTITY_OBJECT)
		parameter = "object_id";
	else if (identity->kind == ENTRA_IDENTITY_RESOURCE)
		parameter = sources[source].resource_id;
	if (endpoint_form_add(&form, "api-version", sources[source].version) != 0 ||
	    endpoint_form_add(&form, "resource", resource) != 0 ||
	    (named && endpoint_form_add(&form, parameter, identity->value) != 0))
		return NULL;
	return strdup(secret_text(form));
}

/* Seconds, which come as a number or as a text of digits. */
static bool get_seconds(const struct json_value *root, const char *name, int64_t *ret_seconds)
{
	const char *text;

	if (json_get_integer(root, name, 0, INT64_C(1) << 40, ret_seconds) == 0)
		return true;
	if (json_get_string(root, name, &text) != 0 || !*text || strlen(text) > 12 ||
	    strspn(text, "0123456789") != strlen(text))
		return false;
	*ret_seconds = strtoll(text, NULL, 10);
	return true;
}

static int not_understood(enum managed_source source, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, EPROTO,
			     "the answer of the managed identity endpoint (%s) is not understood",
			     sources[source].name);

	err_hint(err, "sign in another way: --credential env, cli or device");
	return result;
}

static int refused(enum managed_source source, int status, struct err *err)
{
	int result;

	if (status >= 500 || status == 429 || status == 408 || status == 404 || status == 410) {
		result = err_set(err, ERR_NETWORK, EREMOTEIO,
				 "the managed identity endpoint (%s) has trouble (HTTP %d)",
				 sources[source].name, status);
		err_hint(err, "try again later, or sign in another way");
		return result;
	}
	/* 400: no identity is assigned, or not the one named. 403: something else answers there. */
	if (status == 400 || status == 403) {
		(void)err_set(err, ERR_SIGNIN, ENODATA,
			      "this machine has no such managed identity (%s answers HTTP %d)",
			      sources[source].name, status);
		err_hint(err, "assign one to this machine, or name one of several with --identity");
		return CREDENTIAL_ABSENT;
	}
	result = err_set(err, ERR_SIGNIN, EACCES,
			 "the managed identity endpoint (%s) refuses (HTTP %d)",
			 sources[source].name, status);
	err_hint(err, "sign in another way: --credential env, cli or device");
	return result;
}

int managed_parse(enum managed_source source, int status, const char *body, size_t size,
		  int64_t now, struct token *ret_token, struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	const struct json_value *root;
	const char *type;
	int64_t lifetime;
	int result;

	if (status != 200)
		return refused(source, status, err);
	result = json_parse(body, size, &json);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return not_understood(source, err);
	root = json_root(json);
	if (json_get_string(root, "token_type", &type) != 0 || strcasecmp(type, "Bearer") != 0)
		return not_understood(source, err);
	if (!get_seconds(root, "expires_in", &lifetime)) {
		if (!get_seconds(root, "expires_on", &lifetime))
			return not_understood(source, err);
		lifetime -= now;
	}
	result = json_take_secret(json, root, "access_token", &value);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0 || lifetime <= 0 || !credential_token_ok(value))
		return not_understood(source, err);
	ret_token->value = TAKE(value);
	ret_token->lifetime = lifetime < TOKEN_LIFETIME_MAX ? lifetime : TOKEN_LIFETIME_MAX;
	return 0;
}

int64_t managed_wait(int status, unsigned int attempt, int64_t elapsed_ms, unsigned int base_ms)
{
	static const unsigned int steps[MANAGED_RETRIES] = {0, 2, 6, 14, 30};
	bool again = status == 404 || status == 408 || status == 429 || status == 410 ||
		     (status >= 500 && status <= 599);
	int64_t wait;

	if (!again || attempt == 0)
		return -1;
	if (attempt <= MANAGED_RETRIES)
		wait = (int64_t)steps[attempt - 1] * base_ms;
	else if (status == 410)
		wait = (int64_t)steps[MANAGED_RETRIES - 1] * base_ms;
	else
		return -1;
	if (status != 410)
		return wait;
	/* The last try comes when the 70 s are over, not before. */
	if (elapsed_ms >= (int64_t)MANAGED_GONE_MS * base_ms / 1000)
		return -1;
	if (elapsed_ms + wait > (int64_t)MANAGED_GONE_MS * base_ms / 1000)
		wait = (int64_t)MANAGED_GONE_MS * base_ms / 1000 - elapsed_ms;
	return wait;
}
