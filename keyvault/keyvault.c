/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session with Key Vault: puts the layers together; see keyvault.h. */
#include "keyvault/keyvault.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "keyvault/portal.h"
#include "keyvault/search.h"

struct keyvault {
	struct vault_trust trust;
	struct vault_client *client;
};

int keyvault_new(struct entra *entra, const char *const *trusted_hosts,
		 struct keyvault **ret_keyvault, struct err *err)
{
	struct keyvault *keyvault CLEANUP(keyvault_free) = calloc(1, sizeof(*keyvault));
	int result;

	if (!keyvault)
		return err_nomem(err);
	keyvault->trust.cloud = vault_cloud_get(entra_cloud_of(entra));
	keyvault->trust.hosts = trusted_hosts;
	result = vault_trust_check_hosts(&keyvault->trust, err);
	if (result != 0)
		return result;
	keyvault->client = vault_client_new(entra, &keyvault->trust);
	if (!keyvault->client)
		return err_nomem(err);
	*ret_keyvault = TAKE(keyvault);
	return 0;
}

void keyvault_free(struct keyvault *keyvault)
{
	if (!keyvault)
		return;
	vault_client_free(keyvault->client);
	free(keyvault);
}

/* A host that the user wrote is an error of usage; one in a tag is the vault's fault. */
static int check_given(const struct keyvault *keyvault, const struct url *vault, const char *what,
		       struct err *err)
{
	struct err why = {0};
	int result = vault_trust_check(&keyvault->trust, vault, &why);

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
	int result = vault_cloud_parse(keyvault->trust.cloud, request->vault, &url, err);

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
	result = vault_cloud_parse(keyvault->trust.cloud, vault, &url, err);
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
