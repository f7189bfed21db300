/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking and choosing tenants; see tenant.h. */
#include "entra/identity/tenant.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TENANT_MAX = 128
};

bool tenant_is_valid(const char *tenant)
{
	size_t length = strlen(tenant);

	if (length == 0 || length > TENANT_MAX || !isalnum((unsigned char)tenant[0]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)tenant[i]) && tenant[i] != '-' && tenant[i] != '.')
			return false;
	}
	return true;
}

int tenant_check(const char *tenant, struct err *err)
{
	if (!tenant || tenant_is_valid(tenant))
		return 0;
	return err_set(err, ERR_USAGE, EINVAL,
		       "'%s' is not a tenant: it may have letters, digits, dashes and dots only",
		       tenant);
}

/* Whether a `;`-separated list has the tenant, or `*`. */
static bool listed(const char *list, const char *tenant)
{
	size_t length = strlen(tenant);

	while (list && *list) {
		size_t entry = strcspn(list, ";");
		size_t skip = strspn(list, " ");

		if (skip > entry)
			skip = entry;
		if (entry - skip == 1 && list[skip] == '*')
			return true;
		if (entry - skip >= length && strncasecmp(list + skip, tenant, length) == 0 &&
		    strspn(list + skip + length, " ") == entry - skip - length)
			return true;
		list += entry;
		if (*list == ';')
			list++;
	}
	return false;
}

int tenant_choose(const char *configured, const char *wanted, const char **ret_tenant,
		  struct err *err)
{
	int result;

	if (!configured || strcasecmp(configured, wanted) == 0 ||
	    listed(getenv("AZURE_ADDITIONALLY_ALLOWED_TENANTS"), wanted)) {
		*ret_tenant = wanted;
		return 0;
	}
	if (strchr(configured, '.') && !strchr(wanted, '.')) {
		*ret_tenant = configured;
		return 0;
	}
	result = err_set(err, ERR_SIGNIN, EPERM,
			 "a token of tenant '%s' is needed, but sign-in is set to tenant '%s'",
			 wanted, configured);
	err_hint(err, "if both are right, allow it: AZURE_ADDITIONALLY_ALLOWED_TENANTS=%s", wanted);
	return result;
}
