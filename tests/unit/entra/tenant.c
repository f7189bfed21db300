/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entra/identity/tenant: what a tenant may look like, and which one is signed in to. */
#include <errno.h>

#include "entra/identity/tenant.h"
#include "tests/tap.h"

static void test_valid(void)
{
	static const char *const good[] = {"11111111-2222-3333-4444-555555555555",
					   "contoso.onmicrosoft.com", "t1"};
	static const char *const bad[] = {"", "-t1", ".t1", "a/b", "a b", "t1\n", "a%2fb", "a;b"};
	struct err err = {0};
	char vast[130];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		is(tenant_check(good[i], &err), 0, "can be one: '%s'", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(tenant_check(bad[i], &err) == -EINVAL && err.kind == ERR_USAGE,
		   "cannot be one: number %zu", i);
	memset(vast, 'a', sizeof(vast));
	vast[129] = '\0';
	ok(!tenant_is_valid(vast), "129 characters are too many");
	vast[128] = '\0';
	ok(tenant_is_valid(vast), "128 are not");
	is(tenant_check(NULL, &err), 0, "none is given");
}

static int choose(const char *configured, const char *allowed, const char *vault, const char *want)
{
	const char *tenant = NULL;
	struct err err = {0};
	int result;

	if (allowed)
		must(setenv("AZURE_ADDITIONALLY_ALLOWED_TENANTS", allowed, 1) == 0);
	else
		must(unsetenv("AZURE_ADDITIONALLY_ALLOWED_TENANTS") == 0);
	result = tenant_choose(configured, vault, &tenant, &err);
	if (result == 0)
		is_text(tenant, want, "  signs in to");
	return result;
}

static void test_tenants(void)
{
	is(choose(NULL, NULL, "t1", "t1"), 0, "none configured: the vault's");
	is(choose("T1", NULL, "t1", "t1"), 0, "the vault's in another case");
	is(choose("t2", NULL, "t1", NULL), -EPERM, "another one is refused");
	is(choose("t2", "t3; t1 ;t4", "t1", "t1"), 0, "unless it is listed");
	is(choose("t2", "*", "t1", "t1"), 0, "or all are");
	is(choose("t2", "t11;t", "t1", NULL), -EPERM, "parts of a name do not count");
	is(choose("contoso.example", NULL, "t1", "contoso.example"), 0,
	   "a domain's name is used as it is");
}

int main(void)
{
	test_valid();
	test_tenants();
	return tap_done();
}
