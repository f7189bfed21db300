/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with Key Vault: puts the layers together; see keyvault.h. */
#include "keyvault/keyvault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "entra/cloud.h"
#include "entra/token.h"
#include "keyvault/portal.h"
#include "keyvault/search.h"

enum {
	TIMEOUT_SECONDS_MAX = 24 * 3600
};

struct keyvault {
	struct fetcher fetcher;
	struct fetcher signin; /* of its own, as any of the search's threads may renew a token */
	struct url *authority;
	struct vault_trust trust;
	struct credential_context credentials;
	struct credential_state state;
	struct tokens *tokens;
	struct vault_client *client;
};

/* A name that can never match would be refused much later, and elsewhere. */
static int check_trusted(const char *const *hosts, struct err *err)
{
	for (; hosts && *hosts; hosts++) {
		struct url *url CLEANUP(url_free) = NULL;
		char text[300];
		int length = snprintf(text, sizeof(text), "https://%s", *hosts);

		if (length < 0 || (size_t)length >= sizeof(text) || strpbrk(*hosts, "/?") ||
		    url_parse(text, &url, NULL) != 0) {
			int result = err_set(err, ERR_USAGE, EINVAL,
					     "--trust-vault-host '%s' is not a host", *hosts);

			err_hint(err, "give a host name or address, with :PORT if need be");
			return result;
		}
	}
	return 0;
}

static int check_tenant(const char *tenant, struct err *err)
{
	if (!tenant || tenant_ok(tenant))
		return 0;
	return err_set(err, ERR_USAGE, EINVAL,
		       "tenant '%s' is not one: letters, digits, dashes and dots only", tenant);
}

static int make_policy(const struct keyvault_options *options, struct retry_policy *policy,
		       struct err *err)
{
	if (options->timeout_seconds > TIMEOUT_SECONDS_MAX)
		return err_set(err, ERR_USAGE, EINVAL, "a time-out of more than a day");
	policy->clock = retry_system_clock(options->interrupted);
	policy->base_ms = options->retry_base_ms ? options->retry_base_ms : RETRY_BASE_MS;
	policy->deadline_ms =
		options->timeout_seconds ? options->timeout_seconds * 1000 : RETRY_DEADLINE_MS;
	return 0;
}

static int setup(struct keyvault *keyvault, const struct keyvault_options *options, struct err *err)
{
	struct http_options http = {
		.ca_file = options->ca_file,
		.interrupted = options->interrupted,
	};
	struct tokens_options tokens = {.credential = options->credential};
	int result;

	keyvault->trust.cloud = cloud_get(options->cloud);
	keyvault->trust.hosts = options->trusted_hosts;
	/* first of all: what follows reads URLs, for which the library has to be there */
	result = http_new(&http, &keyvault->fetcher.http, err);
	if (result == 0)
		result = check_trusted(options->trusted_hosts, err);
	if (result == 0)
		result = check_tenant(options->tenant, err);
	if (result == 0)
		result = make_policy(options, &keyvault->fetcher.policy, err);
	if (result == 0 && tokens.credential == KEYVAULT_CREDENTIAL_AUTO)
		result = credential_restrict(&tokens.credential, &tokens.chain, &tokens.restricted,
					     err);
	if (result == 0)
		result = cloud_authority(keyvault->trust.cloud, &keyvault->authority, err);
	if (result == 0)
		result = http_clone(keyvault->fetcher.http, options->interrupted,
				    &keyvault->signin.http, err);
	if (result != 0)
		return result;
	keyvault->signin.policy = keyvault->fetcher.policy;
	keyvault->credentials.fetcher = &keyvault->signin;
	keyvault->credentials.authority = keyvault->authority;
	keyvault->credentials.tenant = options->tenant;
	keyvault->credentials.identity = options->identity;
	keyvault->credentials.person = options->person;
	keyvault->credentials.state = &keyvault->state;
	keyvault->credentials.asked_for = tokens.credential != KEYVAULT_CREDENTIAL_AUTO;
	keyvault->tokens = tokens_new(&keyvault->credentials, &tokens);
	if (!keyvault->tokens)
		return err_nomem(err);
	keyvault->client = vault_client_new(&keyvault->fetcher, &keyvault->trust, keyvault->tokens);
	return keyvault->client ? 0 : err_nomem(err);
}

int keyvault_new(const struct keyvault_options *options, struct keyvault **ret_keyvault,
		 struct err *err)
{
	struct keyvault *keyvault = calloc(1, sizeof(*keyvault));
	int result;

	if (!keyvault)
		return err_nomem(err);
	result = setup(keyvault, options, err);
	if (result != 0) {
		keyvault_free(keyvault);
		return result;
	}
	*ret_keyvault = keyvault;
	return 0;
}

void keyvault_free(struct keyvault *keyvault)
{
	if (!keyvault)
		return;
	vault_client_free(keyvault->client);
	tokens_free(keyvault->tokens);
	secret_free(keyvault->state.given);
	secret_free(keyvault->state.refresh);
	free(keyvault->state.refresh_tenant);
	http_free(keyvault->signin.http);
	http_free(keyvault->fetcher.http);
	url_free(keyvault->authority);
	free(keyvault);
}

/* A host that the user wrote is the user's to trust or mend; one out of a tag is the vault's. */
static int check_given(const struct keyvault *keyvault, const struct url *vault, const char *what,
		       struct err *err)
{
	struct err why = {0};
	int result = trust_check(&keyvault->trust, vault, &why);

	if (result == 0)
		return 0;
	result = err_set(err, ERR_USAGE, -result, "%s: %s", what, why.message);
	err_hint(err, "%s", why.hint);
	return result;
}

static int check_kek(const struct keyvault *keyvault, const char *kek, struct err *err)
{
	struct object_id *id CLEANUP(object_id_free) = NULL;
	int result;

	if (!kek || strncasecmp(kek, "https:", 6) != 0)
		return 0;
	result = portal_object_parse(kek, "keys", &id, err);
	if (result != 0) {
		err_prefix(err, "--kek");
		return result;
	}
	return check_given(keyvault, id->vault, "--kek", err);
}

int keyvault_search(struct keyvault *keyvault, const struct keyvault_request *request,
		    size_t *ret_found, struct err *err)
{
	struct url *url CLEANUP(url_free) = NULL;
	int result = cloud_parse_vault(keyvault->trust.cloud, request->vault, &url, err);

	if (result == 0)
		result = check_given(keyvault, url, "--vault", err);
	if (result == 0)
		result = check_kek(keyvault, request->kek, err);
	if (result != 0)
		return result;
	return search_vault(keyvault->client, url, request, ret_found, err);
}

static int find_secret(struct keyvault *keyvault, const char *vault, const char *secret,
		       struct object_id **ret_id, struct err *err)
{
	struct url *url CLEANUP(url_free) = NULL;
	int result;

	if (strncasecmp(secret, "https:", 6) == 0)
		return portal_object_parse(secret, "secrets", ret_id, err);
	if (strstr(secret, "://")) {
		result = err_set(err, ERR_USAGE, EINVAL, "'%s' is not an https URL", secret);
		err_hint(err, "it looks like https://VAULT.vault.azure.net/secrets/NAME/VERSION");
		return result;
	}
	if (!vault) {
		result = err_set(err, ERR_USAGE, EINVAL,
				 "secret '%s' is a name, but no vault is given", secret);
		err_hint(err, "add --vault NAME, or give the secret's URL");
		return result;
	}
	result = cloud_parse_vault(keyvault->trust.cloud, vault, &url, err);
	return result == 0 ? object_id_make(url, secret, NULL, ret_id, err) : result;
}

int keyvault_get(struct keyvault *keyvault, const struct keyvault_request *request,
		 const char *secret, struct err *err)
{
	const char *option = request->option ? request->option : "--secret";
	struct object_id *id CLEANUP(object_id_free) = NULL;
	int result = find_secret(keyvault, request->vault, secret, &id, err);

	if (result != 0 || !id) {
		err_prefix(err, "%s", option);
		return result;
	}
	result = check_given(keyvault, id->vault, option, err);
	if (result == 0)
		result = check_kek(keyvault, request->kek, err);
	if (result != 0)
		return result;
	return search_single(keyvault->client, id, request, err);
}
