/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ways to sign in share; see credential.h. */
#include "entra/credential.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "entra/challenge.h"

enum {
	TOKEN_MAX = 64 << 10, /* characters; real ones have 1 to 8 thousand */
	IDENTITY_MAX = 512,   /* characters */
};

static const struct {
	const char *name;
	enum keyvault_credential credential;
} names[] = {
	{"auto", KEYVAULT_CREDENTIAL_AUTO},	    {"env", KEYVAULT_CREDENTIAL_ENV},
	{"workload", KEYVAULT_CREDENTIAL_WORKLOAD}, {"managed", KEYVAULT_CREDENTIAL_MANAGED},
	{"cli", KEYVAULT_CREDENTIAL_CLI},	    {"device", KEYVAULT_CREDENTIAL_DEVICE},
	{"token", KEYVAULT_CREDENTIAL_TOKEN},
};

bool keyvault_credential_parse(const char *name, enum keyvault_credential *ret_credential)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i].name) == 0) {
			*ret_credential = names[i].credential;
			return true;
		}
	}
	return false;
}

/* A resource id is a path of plain characters; an id of the other kinds a GUID. */
static bool identity_ok(const struct keyvault_identity *identity)
{
	size_t length = strlen(identity->value);

	if (identity->kind != KEYVAULT_IDENTITY_RESOURCE)
		return tenant_ok(identity->value);
	if (length > IDENTITY_MAX || identity->value[0] != '/')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (identity->value[i] <= 0x20 || identity->value[i] >= 0x7f)
			return false;
	}
	return true;
}

bool keyvault_identity_parse(const char *text, struct keyvault_identity *ret_identity)
{
	static const struct {
		const char *prefix;
		enum keyvault_identity_kind kind;
	} kinds[] = {
		{"client:", KEYVAULT_IDENTITY_CLIENT},
		{"object:", KEYVAULT_IDENTITY_OBJECT},
		{"resource:", KEYVAULT_IDENTITY_RESOURCE},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct keyvault_identity identity = {.kind = kinds[i].kind};

		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
			continue;
		identity.value = text + strlen(kinds[i].prefix);
		if (!identity_ok(&identity))
			return false;
		*ret_identity = identity;
		return true;
	}
	return false;
}

const char *credential_env_value(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static const struct {
	const char *name;
	enum keyvault_credential credential;
	enum credential_chain chain;
} restrictions[] = {
	{"dev", KEYVAULT_CREDENTIAL_AUTO, CREDENTIAL_CHAIN_DEV},
	{"prod", KEYVAULT_CREDENTIAL_AUTO, CREDENTIAL_CHAIN_PROD},
	{"EnvironmentCredential", KEYVAULT_CREDENTIAL_ENV, CREDENTIAL_CHAIN_ALL},
	{"WorkloadIdentityCredential", KEYVAULT_CREDENTIAL_WORKLOAD, CREDENTIAL_CHAIN_ALL},
	{"ManagedIdentityCredential", KEYVAULT_CREDENTIAL_MANAGED, CREDENTIAL_CHAIN_ALL},
	{"AzureCliCredential", KEYVAULT_CREDENTIAL_CLI, CREDENTIAL_CHAIN_ALL},
};

int credential_restrict(enum keyvault_credential *ret_credential, enum credential_chain *ret_chain,
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
			 "AZURE_TOKEN_CREDENTIALS=%.64s names no way to sign in that there is here",
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
	if (tenant_ok(client))
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
	if (!tenant_ok(tenant))
		return err_set(err, ERR_USAGE, EINVAL,
			       "tenant '%s' is not one: letters, digits, dashes and dots only",
			       tenant);
	if (credential_check_client(client, err) != 0)
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

int credential_choose_tenant(const char *configured, const char *vault_tenant,
			     const char **ret_tenant, struct err *err)
{
	int result;

	if (!configured || strcasecmp(configured, vault_tenant) == 0 ||
	    listed(getenv("AZURE_ADDITIONALLY_ALLOWED_TENANTS"), vault_tenant)) {
		*ret_tenant = vault_tenant;
		return 0;
	}
	if (strchr(configured, '.') && !strchr(vault_tenant, '.')) {
		*ret_tenant = configured;
		return 0;
	}
	result = err_set(err, ERR_SIGNIN, EPERM,
			 "the vault belongs to tenant '%s', but sign-in is set to tenant '%s'",
			 vault_tenant, configured);
	err_hint(err, "if both are right, allow it: AZURE_ADDITIONALLY_ALLOWED_TENANTS=%s",
		 vault_tenant);
	return result;
}

bool credential_token_ok(const struct secret *token)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~+/=";
	size_t size = secret_size(token);

	return size > 0 && size <= TOKEN_MAX && strspn(secret_text(token), allowed) == size;
}
