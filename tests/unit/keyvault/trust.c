/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyvault/client/vault_trust and vault_cloud: who may be sent a token, and for what. */
#include <errno.h>

#include "keyvault/client/vault_trust.h"
#include "tests/tap.h"

static struct url *parse(const char *text)
{
	struct url *url = NULL;

	must(url_parse(text, &url, NULL) == 0);
	return url;
}

static struct vault_trust trust_of(enum entra_cloud cloud, const char *const *hosts)
{
	return (struct vault_trust){.cloud = vault_cloud_get(cloud), .hosts = hosts};
}

static void check_host(const char *text, const char *const *hosts, bool allowed)
{
	struct url *url CLEANUP(url_free) = parse(text);
	struct vault_trust trust = trust_of(ENTRA_CLOUD_PUBLIC, hosts);
	struct err err = {0};
	int result = vault_trust_check(&trust, url, &err);

	if (allowed)
		is(result, 0, "trusted: %s", text);
	else
		ok(result == -EPERM && err.kind == ERR_VAULT && err.hint[0], "not trusted: %s",
		   text);
}

/* Named by the endpoint's zone: refused, and told what to say instead. */
static void test_private_link(void)
{
	static const struct {
		enum entra_cloud cloud;
		const char *url;
		const char *name;
	} hosts[] = {
		{ENTRA_CLOUD_PUBLIC, "https://contoso.privatelink.vaultcore.azure.net",
		 " contoso.vault.azure.net:"},
		{ENTRA_CLOUD_CHINA, "https://contoso.privatelink.vaultcore.azure.cn",
		 " contoso.vault.azure.cn:"},
		{ENTRA_CLOUD_USGOV, "https://contoso.privatelink.vaultcore.usgovcloudapi.net",
		 " contoso.vault.usgovcloudapi.net:"},
		{ENTRA_CLOUD_PUBLIC, "https://contoso.privatelink.managedhsm.azure.net",
		 " contoso.managedhsm.azure.net:"},
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct url *url CLEANUP(url_free) = parse(hosts[i].url);
		struct vault_trust trust = trust_of(hosts[i].cloud, NULL);
		struct err err = {0};

		ok(vault_trust_check(&trust, url, &err) == -EPERM, "not trusted: %s", hosts[i].url);
		ok(strstr(err.hint, hosts[i].name) != NULL, "  hint: %s", err.hint);
	}
}

static void test_hosts(void)
{
	static const char *const named[] = {"127.0.0.1", "Private.Example:8443", "[::1]:99", NULL};

	check_host("https://contoso.vault.azure.net", NULL, true);
	check_host("https://CONTOSO.vault.azure.net:443/secrets", NULL, true);
	check_host("https://contoso.managedhsm.azure.net", NULL, true);
	check_host("https://vault.azure.net", NULL, false);
	check_host("https://evilvault.azure.net", NULL, false);
	check_host("https://contoso.vault.azure.net.evil.example", NULL, false);
	check_host("https://contoso.vault.azure.net-evil.example", NULL, false);
	check_host("https://contoso-vault.azure.net", NULL, false);
	check_host("https://a.b.vault.azure.net", NULL, false);
	check_host("https://contoso.vault.azure.net:8443", NULL, false);
	check_host("https://contoso.vault.azure.cn", NULL, false);
	check_host("https://contoso.vault.azure.com", NULL, false);
	check_host("https://management.azure.com", NULL, false);
	check_host("https://127.0.0.1:44444", NULL, false);
	check_host("https://127.0.0.1:44444", named, true);
	check_host("https://0x7f000001:44444", named, true);
	check_host("https://127.0.0.2:44444", named, false);
	check_host("https://private.example:8443", named, true);
	check_host("https://private.example:8444", named, false);
	check_host("https://sub.private.example:8443", named, false);
	check_host("https://[::1]:99", named, true);
	check_host("https://[::1]:98", named, false);
}

static void test_names(void)
{
	static const char *const bad[] = {"ab",
					  "1abc",
					  "-abc",
					  "abc-",
					  "a_c",
					  "a.c",
					  "aaaaaaaaaaaaaaaaaaaaaaaaa",
					  "",
					  "http://x.vault.azure.net",
					  "https://x.vault.azure.net/secrets/y",
					  "../x"};
	const struct vault_cloud *cloud = vault_cloud_get(ENTRA_CLOUD_USGOV);
	struct url *url = NULL;
	enum entra_cloud which;
	char name[64];

	is(vault_cloud_parse(cloud, "contoso-kv", &url, NULL), 0, "a vault's name");
	is_text(url->host, "contoso-kv.vault.usgovcloudapi.net", "  becomes its host");
	vault_cloud_vault_name(url, name, sizeof(name));
	is_text(name, "contoso-kv", "  and back");
	url_free(url);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is(vault_cloud_parse(cloud, bad[i], &url, NULL), -EINVAL, "refused: '%s'", bad[i]);
	ok(entra_cloud_parse("china", &which) && which == ENTRA_CLOUD_CHINA, "china");
	ok(!entra_cloud_parse("mars", &which), "mars");
}

#define GUID "11111111-2222-3333-4444-555555555555"

static void check_resource(enum entra_cloud cloud, const char *vault, const char *resource,
			   const char *const *hosts, bool allowed)
{
	struct url *url CLEANUP(url_free) = parse(vault);
	struct vault_trust trust = trust_of(cloud, hosts);
	char *tenant = strdup(GUID);
	char *name = strdup(resource);
	struct challenge challenge = {tenant, name};
	struct err err = {0};
	int result = vault_trust_check_challenge(&trust, &challenge, url, &err);

	if (allowed)
		is(result, 0, "%s may ask for %s", vault, resource);
	else
		ok(result == -EPERM && err.kind == ERR_SIGNIN, "%s may not ask for %s", vault,
		   resource);
	free(tenant);
	free(name);
}

static void test_resources(void)
{
	static const char *const named[] = {
		"127.0.0.1",   "kv.vault.private.example",  "evil.example",
		"x.azure.com", "evilvault.private.example", "vault.private.example",
		NULL};
	enum entra_cloud cloud = ENTRA_CLOUD_PUBLIC;
	const char *vault = "https://x.vault.azure.net";

	check_resource(cloud, vault, "https://vault.azure.net", NULL, true);
	check_resource(cloud, "https://x.managedhsm.azure.net", "https://managedhsm.azure.net",
		       NULL, true);
	check_resource(cloud, vault, "https://managedhsm.azure.net", NULL, false);
	check_resource(cloud, vault, "https://management.azure.com", NULL, false);
	check_resource(cloud, vault, "https://azure.net", NULL, false);
	check_resource(cloud, vault, "https://vault.azure.net.evil.example", NULL, false);
	check_resource(cloud, vault, "https://vault.azure.net:8443", NULL, false);
	check_resource(cloud, vault, "https://graph.microsoft.com", named, false);
	check_resource(cloud, "https://127.0.0.1:4443", "https://vault.azure.net", named, true);
	check_resource(cloud, "https://127.0.0.1:4443", "https://managedhsm.azure.net", named,
		       true);
	check_resource(cloud, "https://127.0.0.1:4443", "https://management.azure.com", named,
		       false);
	check_resource(cloud, "https://127.0.0.1:4443", "https://vault.azure.cn", named, false);
	check_resource(cloud, "https://127.0.0.1:4443", "https://vault.azure.net", NULL, false);
	check_resource(cloud, "https://kv.vault.private.example", "https://vault.private.example",
		       named, true);
	check_resource(cloud, "https://kv.vault.private.example", "https://private.example", named,
		       false);
	check_resource(cloud, "https://kv.vault.private.example", "https://vault.other.example",
		       named, false);
	check_resource(cloud, "https://kv.vault.private.example",
		       "https://vault.private.example:8443", named, false);
	check_resource(cloud, "https://evilvault.private.example", "https://vault.private.example",
		       named, false);
	check_resource(cloud, "https://vault.private.example", "https://vault.private.example",
		       named, false);
	check_resource(cloud, "https://evil.example", "https://graph.microsoft.com", named, false);
	check_resource(cloud, "https://x.azure.com", "https://azure.com", named, false);
}

int main(void)
{
	test_hosts();
	test_private_link();
	test_names();
	test_resources();
	return tap_done();
}
