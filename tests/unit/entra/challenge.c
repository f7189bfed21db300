/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entra/identity/challenge: what is taken from a challenge, and which ones are refused. */
#include <errno.h>

#include "entra/identity/challenge.h"
#include "tests/tap.h"

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

static void test_malformed(void)
{
	static const char *const bad[] = {
		"",
		"Bearer",
		"Basic realm=\"x\"",
		"Bearer authorization",
		"Bearer authorization=",
		"Bearer authorization=\"",
		"Bearer authorization=\"x",
		"Bearer =\"x\"",
		"\x01",
		"Bearer authorization=\"a\x01\"",
		"Bearer authorization=\"a\\",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_malformed(bad[i]);
}

static void test_wrong_values(void)
{
	static const char *const bad[] = {
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
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_malformed(bad[i]);
}

static void test_too_long(void)
{
	char longer[10000];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	check_malformed(longer);
	memcpy(longer, "Bearer authorization=\"", 22);
	longer[2000] = '\0';
	check_malformed(longer);
}

int main(void)
{
	test_parser();
	test_malformed();
	test_wrong_values();
	test_too_long();
	return tap_done();
}
