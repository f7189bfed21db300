/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ways to sign in share; see credential.h. */
#include "entra/credential/credential.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "entra/identity/tenant.h"

enum {
	TOKEN_MAX = 64 << 10, /* characters; real ones have 1 to 8 thousand */
};

void credential_state_clear(struct credential_state *state)
{
	secret_free(state->given);
	secret_free(state->refresh);
	free(state->refresh_tenant);
	*state = (struct credential_state){0};
}

const char *credential_env_value(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static const struct {
	const char *name;
	enum entra_credential credential;
	enum credential_chain chain;
} restrictions[] = {
	{"dev", ENTRA_CREDENTIAL_AUTO, CREDENTIAL_CHAIN_DEV},
	{"prod", ENTRA_CREDENTIAL_AUTO, CREDENTIAL_CHAIN_PROD},
	{"EnvironmentCredential", ENTRA_CREDENTIAL_ENV, CREDENTIAL_CHAIN_ALL},
	{"WorkloadIdentityCredential", ENTRA_CREDENTIAL_WORKLOAD, CREDENTIAL_CHAIN_ALL},
	{"ManagedIdentityCredential", ENTRA_CREDENTIAL_MANAGED, CREDENTIAL_CHAIN_ALL},
	{"AzureCliCredential", ENTRA_CREDENTIAL_CLI, CREDENTIAL_CHAIN_ALL},
};

int credential_restrict(enum entra_credential *ret_credential, enum credential_chain *ret_chain,
			bool *ret_restricted, struct err *err)
{
	const char *value = credential_env_value("AZURE_TOKEN_CREDENTIALS");
	size_t length;
	int result;

	*ret_restricted = false;
	if (!value)
		return 0;
	value += strspn(value, " \t");
	length = strlen(value);
	while (length > 0 && strchr(" \t", value[length - 1]))
		length--;
	if (length == 0)
		return 0;
	for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++) {
		if (strlen(restrictions[i].name) != length ||
		    strncasecmp(value, restrictions[i].name, length) != 0)
			continue;
		*ret_credential = restrictions[i].credential;
		*ret_chain = restrictions[i].chain;
		*ret_restricted = true;
		return 0;
	}
	result = err_set(err, ERR_USAGE, EINVAL,
			 "AZURE_TOKEN_CREDENTIALS=%.64s names no way to sign in that is known here",
			 value);
	err_hint(err, "known are dev, prod, EnvironmentCredential, WorkloadIdentityCredential, "
		      "ManagedIdentityCredential and AzureCliCredential; --credential goes before "
		      "it");
	return result;
}

const char *credential_configured_tenant(const struct credential_context *context)
{
	return context->tenant ? context->tenant : credential_env_value("AZURE_TENANT_ID");
}

/* It is shown in messages and put into commands that the hints propose. */
int credential_check_client(const char *client, struct err *err)
{
	if (tenant_is_valid(client))
		return 0;
	(void)err_set(err, ERR_USAGE, EINVAL, "AZURE_CLIENT_ID is not an identifier");
	err_hint(err, "it looks like 00000000-0000-0000-0000-000000000000");
	return -EINVAL;
}

int credential_principal(const struct credential_context *context, const char **ret_tenant,
			 const char **ret_client, struct err *err)
{
	const char *client = credential_env_value("AZURE_CLIENT_ID");
	const char *tenant = credential_configured_tenant(context);

	if (!client || !tenant) {
		(void)err_set(err, ERR_SIGNIN, ENODATA, "%s%s%s not set",
			      tenant ? "" : "AZURE_TENANT_ID", !tenant && !client ? ", " : "",
			      client ? "" : "AZURE_CLIENT_ID");
		return client || tenant ? CREDENTIAL_PARTIAL : CREDENTIAL_ABSENT;
	}
	if (tenant_check(tenant, err) != 0 || credential_check_client(client, err) != 0)
		return -EINVAL;
	*ret_tenant = tenant;
	*ret_client = client;
	return 0;
}

void credential_tell(const struct credential_context *context, const char *format, ...)
{
	char line[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	err_format(line, format, args);
	va_end(args);
	if (context->person.tell)
		context->person.tell(context->person.context, line);
	else
		log_info("%s", line);
}

bool credential_token_ok(const struct secret *token)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~+/=";
	size_t size = secret_size(token);

	return size > 0 && size <= TOKEN_MAX && strspn(secret_text(token), allowed) == size;
}
