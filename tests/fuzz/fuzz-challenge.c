/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entra/identity/challenge: whatever header comes, a token is only ever promised for a vault's
 * resource.
 */
#include <string.h>

#include "base/secret.h"
#include "entra/identity/tenant.h"
#include "keyvault/client/vault_trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct challenge *challenge, const char *vault_text,
		  const char *const *hosts)
{
	struct vault_trust trust = {vault_cloud_get(ENTRA_CLOUD_PUBLIC), hosts};
	struct url *vault CLEANUP(url_free) = NULL;

	need(url_parse(vault_text, &vault, NULL) == 0);
	if (vault_trust_check_challenge(&trust, challenge, vault, NULL) == 0)
		need(strcmp(challenge->resource, "https://vault.azure.net") == 0 ||
		     (hosts && strcmp(challenge->resource, "https://managedhsm.azure.net") == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {"127.0.0.1", NULL};
	struct secret *text CLEANUP(secret_free) = secret_copy(data, size);
	struct challenge *challenge CLEANUP(challenge_free) = NULL;
	struct err err;

	if (!text || challenge_parse(secret_text(text), &challenge, &err) != 0)
		return 0;
	need(tenant_is_valid(challenge->tenant));
	check(challenge, "https://contoso.vault.azure.net", NULL);
	check(challenge, "https://127.0.0.1:4443", hosts);
	return 0;
}
