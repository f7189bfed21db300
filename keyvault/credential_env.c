/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sign in as a service principal with its secret: AZURE_TENANT_ID, AZURE_CLIENT_ID and
 * AZURE_CLIENT_SECRET, as Microsoft's own tools take them. OAuth 2.0 client credentials (RFC 6749,
 * 4.4) at the configured authority.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "keyvault/challenge.h"
#include "keyvault/entra.h"

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static const char *configured_tenant(const struct credential_context *context)
{
	return context->tenant ? context->tenant : env("AZURE_TENANT_ID");
}

static const char *env_identity(const struct credential_context *context)
{
	(void)context;
	return env("AZURE_CLIENT_ID");
}

static int check_configured(const struct credential_context *context, struct err *err)
{
	const char *id = env("AZURE_CLIENT_ID");
	const char *tenant = configured_tenant(context);
	int r;

	if (!id || !tenant || !env("AZURE_CLIENT_SECRET")) {
		r = err_set(err, ERR_SIGNIN, ENODATA, "%s%s%snot set",
			    tenant ? "" : "AZURE_TENANT_ID ", id ? "" : "AZURE_CLIENT_ID ",
			    env("AZURE_CLIENT_SECRET") ? "" : "AZURE_CLIENT_SECRET ");
		err_hint(err, "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET");
		return r;
	}
	if (!tenant_ok(tenant))
		return err_set(err, ERR_USAGE, EINVAL,
			       "tenant '%s' is not one: letters, digits, dashes and dots only",
			       tenant);
	/* It is shown in messages and put into commands that the hints propose. */
	if (!tenant_ok(id))
		return err_set(err, ERR_USAGE, EINVAL, "AZURE_CLIENT_ID is not an identifier");
	return 0;
}

static int env_get(const struct credential_context *context,
		   const struct credential_request *request, struct token *ret_token,
		   struct err *err)
{
	struct secret *form CLEANUP(secret_free) = NULL;
	char scope[1200];
	const char *tenant;
	int r = check_configured(context, err);

	if (r == 0)
		r = credential_choose_tenant(configured_tenant(context), request->tenant, &tenant,
					     err);
	if (r != 0)
		return r;
	r = snprintf(scope, sizeof(scope), "%s/.default", request->resource);
	if (r < 0 || (size_t)r >= sizeof(scope))
		return err_set(err, ERR_SIGNIN, EINVAL, "the vault's resource is too long");
	if (entra_form_add(&form, "client_id", env("AZURE_CLIENT_ID")) != 0 ||
	    entra_form_add(&form, "scope", scope) != 0 ||
	    entra_form_add(&form, "grant_type", "client_credentials") != 0 ||
	    entra_form_add(&form, "client_secret", env("AZURE_CLIENT_SECRET")) != 0)
		return err_nomem(err);
	return entra_token(context, tenant, form, ret_token, err);
}

const struct credential_ops credential_env = {
	.name = "env",
	.describe = "a service principal (environment)",
	.identity = env_identity,
	.get = env_get,
};
