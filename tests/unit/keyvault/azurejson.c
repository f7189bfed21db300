/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyvault/azure_keys and portal: what az and the portal give people, and what is made to look like
 * it. */
#include <errno.h>

#include "keyvault/azure_keys.h"
#include "keyvault/portal.h"
#include "tests/tap.h"

#define SECRET \
	"https://contoso-kv.vault.azure.net/secrets/EF7B2F5A/0123456789abcdef0123456789abcdef"
#define KEK "https://contoso-kv.vault.azure.net/keys/kek/fedcba9876543210fedcba9876543210"
#define PAIR(secret, kek)                                                                           \
	"{\"diskEncryptionKey\":{\"secretUrl\":\"" secret                                           \
	"\",\"sourceVault\":{\"id\":\"/subscriptions/x\"}},\"keyEncryptionKey\":{\"keyUrl\":\"" kek \
	"\",\"sourceVault\":{\"id\":\"/subscriptions/x\"}}}"
#define PLAIN(secret) \
	"{\"diskEncryptionKey\":{\"secretUrl\":\"" secret "\"},\"keyEncryptionKey\":null}"

static void check(const char *name, const char *text, size_t count, const char *kek)
{
	struct azure_keys keys CLEANUP(azure_keys_clear) = {0};
	struct err err = {0};

	is(azure_keys_parse(text, strlen(text), &keys, &err), 0, "%s", name);
	if (!ok(keys.count == count, "  %zu keys", count))
		return;
	is_text(keys.list[0].secret_url, SECRET, "  the secret");
	ok(kek ? keys.list[0].kek_url && strcmp(keys.list[0].kek_url, kek) == 0
	       : !keys.list[0].kek_url,
	   "  the KEK");
}

static void test_disks(void)
{
	check("az disk show",
	      "{\"id\":\"/d\",\"encryptionSettingsCollection\":{\"enabled\":true,"
	      "\"encryptionSettings\":[" PAIR(SECRET,
					      KEK) "],\"encryptionSettingsVersion\":\"1.1\"}}",
	      1, KEK);
	check("a disk from REST",
	      "{\"properties\":{\"encryptionSettingsCollection\":{\"enabled\":true,"
	      "\"encryptionSettings\":[" PLAIN(SECRET) "]}}}",
	      1, NULL);
	check("several entries",
	      "{\"encryptionSettingsCollection\":{\"encryptionSettings\":[" PAIR(
		      SECRET, KEK) "," PLAIN(SECRET "0") "]}}",
	      2, KEK);
	check("an older disk", "{\"encryptionSettings\":" PAIR(SECRET, KEK) "}", 1, KEK);
	check("az disk list",
	      "[{\"encryptionSettingsCollection\":null},{\"encryptionSettingsCollection\":"
	      "{\"encryptionSettings\":[" PAIR(SECRET, KEK) "]}}]",
	      1, KEK);
}

static void test_machines(void)
{
	check("az vm show",
	      "{\"storageProfile\":{\"dataDisks\":[],\"osDisk\":{\"encryptionSettings\":" PAIR(
		      SECRET, KEK) ",\"name\":\"os\"}}}",
	      1, KEK);
	check("a VM from REST with its instance view",
	      "{\"properties\":{\"instanceView\":{\"disks\":[{\"encryptionSettings\":[" PAIR(
		      SECRET,
		      KEK) "]}]},\"storageProfile\":{\"osDisk\":{\"encryptionSettings\":" PAIR(SECRET,
											       KEK) "}}}}",
	      1, KEK);
	check("az vm encryption show",
	      "{\"disks\":[{\"encryptionSettings\":[" PAIR(
		      SECRET, KEK) "],\"name\":\"os\",\"statuses\":[{\"code\":"
				   "\"EncryptionState/encrypted\"}]},{\"encryptionSettings\":null,"
				   "\"name\":\"data\"}],\"status\":[],\"substatus\":null}",
	      1, KEK);
	check("az vm get-instance-view",
	      "{\"instanceView\":{\"disks\":[{\"encryptionSettings\":[" PAIR(SECRET, KEK) "," PAIR(
		      SECRET "0", KEK) "]}],\"extensions\":[]},\"name\":\"vm\"}",
	      2, KEK);
}

static void test_other_forms(void)
{
	check("--query down to the pair", PAIR(SECRET, KEK), 1, KEK);
	check("PowerShell, with UTF-8's mark",
	      "\xef\xbb\xbf{\"EncryptionSettingsCollection\":{\"EncryptionSettings\":[{"
	      "\"DiskEncryptionKey\":{\"SecretUrl\":\"" SECRET "\"},"
	      "\"KeyEncryptionKey\":{\"KeyUrl\":\"" KEK "\"}}]}}",
	      1, KEK);
	check("a KEK of the wrong type counts as none",
	      "{\"diskEncryptionKey\":{\"secretUrl\":\"" SECRET
	      "\"},\"keyEncryptionKey\":{\"keyUrl\":7}}",
	      1, NULL);
}

static void refused(const char *name, const char *text, size_t length, const char *message,
		    const char *hint)
{
	struct azure_keys keys CLEANUP(azure_keys_clear) = {0};
	struct err err = {0};

	is(azure_keys_parse(text, length, &keys, &err), -EINVAL, "refused: %s", name);
	is(err.kind, ERR_USAGE, "  kind");
	ok(strstr(err.message, message) && strstr(err.hint, hint), "  words: %s; %s", err.message,
	   err.hint);
}

#define REFUSED(name, text, message, hint) refused(name, text, sizeof(text) - 1, message, hint)

static void test_refusals(void)
{
	char *many = malloc(AZURE_KEYS_MAX * 200 + 400);
	char *out = many;
	char deep[129];

	must(many);
	REFUSED("nothing", "", "not JSON", "az disk show");
	REFUSED("a table", "Name  ResourceGroup\n", "not JSON", "-o json");
	REFUSED("UTF-16", "\xff\xfe{\0}\0", "UTF-16", "iconv");
	REFUSED("UTF-16 without a mark", "{\0}\0", "UTF-16", "iconv");
	REFUSED("a disk that is not encrypted so", "{\"encryptionSettingsCollection\":null}",
		"no secret of Azure Disk Encryption", "az vm show");
	REFUSED("a number", "7", "no secret", "az disk show");
	REFUSED("an empty URL", PLAIN(""), "no secret", "");
	REFUSED("a URL of the wrong type", "{\"diskEncryptionKey\":{\"secretUrl\":[]}}",
		"no secret", "");
	REFUSED("a key given twice",
		"{\"diskEncryptionKey\":{\"secretUrl\":\"a\",\"secretUrl\":\"b\"}}", "no secret",
		"");
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	refused("too deep", deep, strlen(deep), "not JSON", "");
	*out++ = '[';
	for (int i = 0; i <= AZURE_KEYS_MAX; i++)
		out += sprintf(out, "%s" PLAIN("https://v/%d"), i ? "," : "", i);
	*out++ = ']';
	refused("too many", many, (size_t)(out - many), "more than 64", "one disk");
	free(many);
}

static void test_portal_pages(void)
{
	static const char *const good[] = {
		SECRET,
		"https://portal.azure.com/#@contoso.onmicrosoft.com/asset/Microsoft_Azure_KeyVault/Secret/" SECRET,
		"https://ms.portal.azure.com/#@t/asset/Microsoft_Azure_KeyVault/Secret/" SECRET
		"?x=y",
		"HTTPS://PORTAL.AZURE.US/?feature=1#@t/asset/Microsoft_Azure_KeyVault/Secret/" SECRET
		"/",
		"https://portal.azure.com/#view/Microsoft_Azure_KeyVault/Blade/~/overview/objectId/"
		"https%3A%2F%2Fcontoso-kv.vault.azure.net%2fsecrets%2FEF7B2F5A%2F0123456789abcdef0123456789abcdef"
		"/vaultId/%2Fsubscriptions%2Fx",
		"https://portal.azure.com/#x/https%253A%252F%252Fcontoso-kv.vault.azure.net%252Fsecrets%252FEF7B2F5A"
		"%252F0123456789abcdef0123456789abcdef",
		"https://portal.azure.com/#@t/k/" KEK "/s/" SECRET,
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct object_id *id CLEANUP(object_id_free) = NULL;
		char *text CLEANUP(free) = NULL;

		is(portal_object_parse(good[i], "secrets", &id, NULL), 0, "%s", good[i]);
		text = id ? object_id_format(id, "secrets") : NULL;
		is_text(text ? text : "", SECRET, "  the secret within");
	}
}

static void test_not_portal(void)
{
	static const char *const bad[] = {
		"https://portal.azure.com/",
		"https://portal.azure.com/#@t/resource/subscriptions/x/vaults/contoso-kv",
		"https://portal.azure.com/#@t/asset/Key/" KEK,
		"https://portal.azure.com/#@t/asset/Secret/http://contoso-kv.vault.azure.net/secrets/a",
		"https://portal.azure.com/#@t/Secret/https://user@contoso-kv.vault.azure.net/secrets/a",
		"https://portal.azure.com/#@t/Secret/https%3A%2F%2Fa%00.vault.azure.net%2Fsecrets%2Fa",
		"https://portal.azure.com/#@t/Secret/https%3A%2F%2Fa%0a.vault.azure.net%2Fsecrets%2Fa",
		"https://portal.azure.com/#@t/Secret/https://contoso-kv.vault.azure.net/secrets/a%2",
		"https://portal.azure.com/#@t/Secret/https://contoso-kv.vault.azure.net/secrets/",
		"https://portal.azure.com.evil.example/#@t/Secret/" SECRET,
		"https://evilportal.azure.com/#@t/Secret/" SECRET,
		"https://evil.example/#portal.azure.com/" SECRET,
		"https://x@portal.azure.com/#" SECRET,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct object_id *id CLEANUP(object_id_free) = NULL;
		struct err err = {0};

		is(portal_object_parse(bad[i], "secrets", &id, &err), -EINVAL, "refused: %s",
		   bad[i]);
		is(err.kind, ERR_USAGE, "  %s", err.message);
	}
}

int main(void)
{
	test_disks();
	test_machines();
	test_other_forms();
	test_refusals();
	test_portal_pages();
	test_not_portal();
	return tap_done();
}
