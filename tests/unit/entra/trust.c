/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entra/cloud and challenge: who may be sent a token, and for what. */
#include <errno.h>

#include "entra/challenge.h"
#include "tests/tap.h"

static struct url *parse(const char *text)
{
	struct url *url = NULL;

	must(url_parse(text, &url, NULL) == 0);
	return url;
}

static struct vault_trust trust_of(enum keyvault_cloud cloud, const char *const *hosts)
{
	return (struct vault_trust){.cloud = cloud_get(cloud), .hosts = hosts};
}

static void check_host(const char *text, const char *const *hosts, bool allowed)
{
	struct url *url CLEANUP(url_free) = parse(text);
	struct vault_trust trust = trust_of(KEYVAULT_CLOUD_PUBLIC, hosts);
	struct err err = {0};
	int result = trust_check(&trust, url, &err);

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
		enum keyvault_cloud cloud;
		const char *url;
		const char *name;
	} hosts[] = {
		{KEYVAULT_CLOUD_PUBLIC, "https://contoso.privatelink.vaultcore.azure.net",
		 " contoso.vault.azure.net:"},
		{KEYVAULT_CLOUD_CHINA, "https://contoso.privatelink.vaultcore.azure.cn",
		 " contoso.vault.azure.cn:"},
		{KEYVAULT_CLOUD_USGOV, "https://contoso.privatelink.vaultcore.usgovcloudapi.net",
		 " contoso.vault.usgovcloudapi.net:"},
		{KEYVAULT_CLOUD_PUBLIC, "https://contoso.privatelink.managedhsm.azure.net",
		 " contoso.managedhsm.azure.net:"},
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct url *url CLEANUP(url_free) = parse(hosts[i].url);
		struct vault_trust trust = trust_of(hosts[i].cloud, NULL);
		struct err err = {0};

		ok(trust_check(&trust, url, &err) == -EPERM, "not trusted: %s", hosts[i].url);
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
	const struct cloud *cloud = cloud_get(KEYVAULT_CLOUD_USGOV);
	struct url *url = NULL;
	enum keyvault_cloud which;
	char name[64];

	is(cloud_parse_vault(cloud, "contoso-kv", &url, NULL), 0, "a vault's name");
	is_text(url->host, "contoso-kv.vault.usgovcloudapi.net", "  becomes its host");
	cloud_vault_name(url, name, sizeof(name));
	is_text(name, "contoso-kv", "  and back");
	url_free(url);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is(cloud_parse_vault(cloud, bad[i], &url, NULL), -EINVAL, "refused: '%s'", bad[i]);
	ok(keyvault_cloud_parse("china", &which) && which == KEYVAULT_CLOUD_CHINA, "china");
	ok(!keyvault_cloud_parse("mars", &which), "mars");
}

#define LOGIN "https://login.microsoftonline.com/"
#define GUID  "11111111-2222-3333-4444-555555555555"

static void check_challenge(const char *header, const char *tenant, const char *resource)
{
	struct challenge *challenge CLEANUP(challenge_free) = NULL;
	struct err err = {0};
	int result = challenge_parse(header, &challenge, &err);

	if (!ok(result == 0, "understood: %s", header)) {
		printf("# %s\n", err.message);
		return;
	}
	is_text(challenge->tenant, tenant, "  tenant");
	is_text(challenge->resource, resource, "  resource");
}

static void check_malformed(const char *header)
{
	struct challenge *challenge = NULL;
	struct err err = {0};

	ok(challenge_parse(header, &challenge, &err) == -EPROTO && !challenge &&
		   err.kind == ERR_NETWORK,
	   "refused: %.100s", header);
	challenge_free(challenge);
}

static void test_parser(void)
{
	check_challenge("Bearer authorization=\"" LOGIN GUID
			"\", resource=\"https://vault.azure.net\"",
			GUID, "https://vault.azure.net");
	check_challenge("bearer  RESOURCE=\"https://vault.azure.net/\" ,authorization=\"" LOGIN GUID
			"/\"",
			GUID, "https://vault.azure.net");
	check_challenge("Bearer authorization=" LOGIN GUID " resource=https://vault.azure.net",
			GUID, "https://vault.azure.net");
	check_challenge("Bearer authorization=\"" LOGIN GUID
			"\", scope=\"https://vault.azure.net/.default\"",
			GUID, "https://vault.azure.net");
	check_challenge("PoP x=\"y\", Bearer authorization=\"" LOGIN "contoso.onmicrosoft.com\", "
			"resource=\"https://managedhsm.azure.net\"",
			"contoso.onmicrosoft.com", "https://managedhsm.azure.net");
	check_challenge("Bearer authorization=\"" LOGIN GUID
			"\", resource=\"https://vault.azure.net\", "
			"Basic realm=\"x\", resource=\"https://evil.example\"",
			GUID, "https://vault.azure.net");
}

static void test_hostile(void)
{
	static const char *const bad[] = {
		"",
		"Bearer",
		"Basic realm=\"x\"",
		"Bearer authorization",
		"Bearer authorization=",
		"Bearer authorization=\"",
		"Bearer authorization=\"x",
		"Bearer authorization=\"" LOGIN GUID "\"",
		"Bearer authorization=\"" LOGIN GUID "\", scope=\"https://vault.azure.net\"",
		"Bearer resource=\"https://vault.azure.net\"",
		"Bearer authorization=\"http://login.microsoftonline.com/" GUID
		"\", resource=\"https://vault.azure.net\"",
		"Bearer authorization=\"" LOGIN GUID "\", resource=\"http://vault.azure.net\"",
		"Bearer authorization=\"" LOGIN GUID "\", resource=\"vault.azure.net\"",
		"Bearer authorization=\"" LOGIN "..%2fx\", resource=\"https://vault.azure.net\"",
		"Bearer authorization=\"" LOGIN "-x\", resource=\"https://vault.azure.net\"",
		"Bearer authorization=\"" LOGIN "a%2fb\", resource=\"https://vault.azure.net\"",
		"Bearer authorization=\"" LOGIN "a;b\", resource=\"https://vault.azure.net\"",
		"Bearer authorization=\"" LOGIN "\", resource=\"https://vault.azure.net\"",
		"Bearer authorization=\"" LOGIN GUID "\", resource=\"https://vault.azure.net\", "
		"resource=\"https://management.azure.com\"",
		"Bearer authorization=\"" LOGIN GUID "\", authorization=\"" LOGIN "x\", "
		"resource=\"https://vault.azure.net\"",
		"Bearer =\"x\"",
		"\x01",
		"Bearer authorization=\"a\x01\"",
		"Bearer authorization=\"a\\",
	};
	char longer[10000];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_malformed(bad[i]);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	check_malformed(longer);
	memcpy(longer, "Bearer authorization=\"", 22);
	longer[2000] = '\0';
	check_malformed(longer);
}

static void check_resource(enum keyvault_cloud cloud, const char *vault, const char *resource,
			   const char *const *hosts, bool allowed)
{
	struct url *url CLEANUP(url_free) = parse(vault);
	struct vault_trust trust = trust_of(cloud, hosts);
	char *tenant = strdup(GUID);
	char *name = strdup(resource);
	struct challenge challenge = {tenant, name};
	struct err err = {0};
	int result = challenge_check(&challenge, &trust, url, &err);

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
	enum keyvault_cloud cloud = KEYVAULT_CLOUD_PUBLIC;
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
	test_parser();
	test_hostile();
	test_resources();
	return tap_done();
}
