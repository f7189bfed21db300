/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Table of a vault's refusals and what to do about each; see refusal.h. */
#include "keyvault/client/refusal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keyvault/client/vault_cloud.h"
#include "net/json.h"

enum {
	INNER_DEPTH_MAX = 8
};

/* Codes are words; anything else could be made to look like something of ours. */
static void take_code(const struct json_value *object, char *out)
{
	const char *text;

	if (json_get_string(object, "code", &text) != 0)
		return;
	if (strlen(text) >= REFUSAL_CODE_SIZE)
		return;
	for (const char *p = text; *p; p++) {
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.')
			return;
	}
	memcpy(out, text, strlen(text) + 1);
}

static void take_akv(const struct json_value *object, char *out, size_t size)
{
	const char *text;

	if (json_get_string(object, "message", &text) != 0 || strncmp(text, "AKV", 3) != 0)
		return;
	if (strspn(text + 3, "0123456789") != 5)
		return;
	(void)snprintf(out, size, "%.8s", text);
}

void refusal_parse(int status, const char *body, size_t size, struct refusal *ret_refusal)
{
	struct json *json CLEANUP(json_free) = NULL;
	const struct json_value *object;

	*ret_refusal = (struct refusal){.status = status};
	if (json_parse(body, size, &json) != 0 ||
	    json_get_object(json_root(json), "error", &object) != 0)
		return;
	take_code(object, ret_refusal->code);
	take_akv(object, ret_refusal->akv, sizeof(ret_refusal->akv));
	for (int depth = 0; depth < INNER_DEPTH_MAX; depth++) {
		if (json_get_object(object, "innererror", &object) != 0)
			break;
		take_code(object, ret_refusal->inner);
	}
}

/* What was asked for, as the object of "the vault refuses to ...". */
static void describe(const struct refusal_context *context, char *text, size_t size)
{
	switch (context->operation) {
	case VAULT_LIST_SECRETS:
		(void)snprintf(text, size, "list the secrets");
		break;
	case VAULT_LIST_VERSIONS:
		(void)snprintf(text, size, "list the versions of secret '%s'", context->object);
		break;
	case VAULT_GET_SECRET:
		(void)snprintf(text, size, "give out secret '%s'", context->object);
		break;
	case VAULT_UNWRAP:
		(void)snprintf(text, size, "unwrap with key '%s'", context->object);
		break;
	}
}

/* Nobody here can get another one; whoever gave it can. */
static int given_refused(const struct refusal *refusal, const struct refusal_context *context,
			 struct err *err)
{
	const char *why = "why is not said; it may have expired or been revoked";
	int result;

	if (strcmp(refusal->akv, "AKV10022") == 0)
		why = "it is for another audience";
	else if (strcmp(refusal->akv, "AKV10032") == 0)
		why = "it is of another tenant";
	result = err_set(err, ERR_SIGNIN, EACCES, "'%s' refuses the given token (HTTP 401%s%s): %s",
			 context->vault->host, refusal->akv[0] ? ", " : "", refusal->akv, why);
	err_hint(err,
		 "get a new one: az account get-access-token --resource %s --tenant %s --query "
		 "accessToken -o tsv",
		 context->given_resource, context->given_tenant);
	return result;
}

static int unauthorized(const struct refusal *refusal, const struct refusal_context *context,
			struct err *err)
{
	const char *host = context->vault->host;
	int result;

	if (context->given_resource && context->given_tenant)
		return given_refused(refusal, context, err);
	if (strcmp(refusal->akv, "AKV10022") == 0) {
		result = err_set(
			err, ERR_SIGNIN, EACCES,
			"'%s' does not take the token: it is for another audience (AKV10022)",
			host);
		err_hint(err, "is --cloud the cloud of this vault?");
	} else if (strcmp(refusal->akv, "AKV10032") == 0) {
		result = err_set(err, ERR_SIGNIN, EACCES,
				 "'%s' does not take the token: it is of another tenant (AKV10032)",
				 host);
		err_hint(err,
			 "sign in to the vault's tenant: --tenant, AZURE_TENANT_ID or az login "
			 "--tenant; `az keyvault show --name VAULT --query "
			 "properties.tenantId` tells which");
	} else {
		result = err_set(err, ERR_SIGNIN, EACCES,
				 "'%s' does not take the token (HTTP 401%s%s)", host,
				 refusal->akv[0] ? ", " : "", refusal->akv);
		err_hint(err, "sign in anew (az login), and check this machine's clock");
	}
	return result;
}

/* Whom to grant the right to, as az takes it. */
static void who(const struct refusal_context *context, bool policy, char *text, size_t size)
{
	if (context->client_id)
		(void)snprintf(text, size, "%s %s", policy ? "--spn" : "--assignee",
			       context->client_id);
	else
		(void)snprintf(text, size, "%s OBJECT-ID", policy ? "--object-id" : "--assignee");
}

static int by_policy(const struct refusal_context *context, const char *asked, const char *name,
		     struct err *err)
{
	bool unwrap = context->operation == VAULT_UNWRAP;
	char grantee[160];
	int result;

	who(context, true, grantee, sizeof(grantee));
	result = err_set(
		err, ERR_VAULT, EACCES,
		"vault '%s' refuses to %s: its access policy does not give you the %s right", name,
		asked,
		unwrap					 ? "keys/unwrapKey"
		: context->operation == VAULT_GET_SECRET ? "secrets/get"
							 : "secrets/list");
	err_hint(err, "have %s granted: az keyvault set-policy --name %s %s %s",
		 unwrap ? "Unwrap Key on keys" : "Get and List on secrets", name, grantee,
		 unwrap ? "--key-permissions unwrapKey" : "--secret-permissions get list");
	return result;
}

/* A managed HSM has roles of its own, which are granted in it, and says no more than "Forbidden".
 */
static int by_hsm(const struct refusal_context *context, const char *asked, const char *name,
		  struct err *err)
{
	size_t length = context->object ? strcspn(context->object, "/") : 0;
	char grantee[160];
	int result;

	who(context, false, grantee, sizeof(grantee));
	result = err_set(err, ERR_VAULT, EACCES,
			 "managed HSM '%s' refuses to %s: you have no role that allows it", name,
			 asked);
	err_hint(
		err,
		"have the role Managed HSM Crypto User granted: az keyvault role assignment create "
		"--hsm-name %s --role \"Managed HSM Crypto User\" %s --scope /keys/%.*s",
		name, grantee, (int)length, context->object ? context->object : "");
	return result;
}

static int by_rbac(const struct refusal_context *context, const char *asked, const char *name,
		   struct err *err)
{
	bool unwrap = context->operation == VAULT_UNWRAP;
	const char *role = unwrap ? "Key Vault Crypto User" : "Key Vault Secrets User";
	char grantee[160];
	int result;

	who(context, false, grantee, sizeof(grantee));
	result = err_set(err, ERR_VAULT, EACCES,
			 "vault '%s' refuses to %s: you have no role that allows it", name, asked);
	err_hint(err,
		 "have the role %s%s granted: az role assignment create --role \"%s\" %s --scope "
		 "$(az keyvault show --name %s --query id -o tsv); one granted minutes ago has to "
		 "spread first",
		 role, unwrap ? " (or Key Vault Crypto Service Encryption User)" : "", role,
		 grantee, name);
	return result;
}

static int disabled(const struct refusal_context *context, const char *name, struct err *err)
{
	bool key = context->operation == VAULT_UNWRAP;
	const char *object = context->object ? context->object : "?";
	size_t length = strcspn(object, "/");
	bool version = object[length] == '/';
	int result = err_set(err, ERR_VAULT, EKEYREVOKED, "%s '%s' in vault '%s' is disabled",
			     key ? "key" : "secret", object, name);

	err_hint(
		err,
		"enable it: az keyvault %s set-attributes --vault-name %s --name %.*s%s%s --enabled "
		"true",
		key ? "key" : "secret", name, (int)length, object, version ? " --version " : "",
		version ? object + length + 1 : "");
	return result;
}

static int forbidden(const struct refusal *refusal, const struct refusal_context *context,
		     struct err *err)
{
	const char *inner = refusal->inner;
	char asked[256];
	char name[128];
	int result;

	describe(context, asked, sizeof(asked));
	vault_cloud_vault_name(context->vault, name, sizeof(name));
	if (strcmp(inner, "ForbiddenByPolicy") == 0 || strcmp(inner, "AccessDenied") == 0)
		return by_policy(context, asked, name, err);
	if (strcmp(inner, "ForbiddenByRbac") == 0)
		return by_rbac(context, asked, name, err);
	if (!inner[0] && context->operation == VAULT_UNWRAP && vault_cloud_is_hsm(context->vault))
		return by_hsm(context, asked, name, err);
	if (strcmp(inner, "SecretDisabled") == 0 || strcmp(inner, "KeyDisabled") == 0)
		return disabled(context, name, err);
	if (strcmp(inner, "ForbiddenByFirewall") == 0) {
		result = err_set(
			err, ERR_VAULT, EACCES,
			"vault '%s' refuses to %s: its firewall does not allow this machine's "
			"address",
			name, asked);
		err_hint(err,
			 "have it allowed: az keyvault network-rule add --name %s "
			 "--ip-address THIS-MACHINE'S-PUBLIC-ADDRESS",
			 name);
		return result;
	}
	if (strcmp(inner, "ForbiddenByConnection") == 0) {
		result = err_set(
			err, ERR_VAULT, EACCES,
			"vault '%s' refuses to %s: it takes no connections from public networks",
			name, asked);
		err_hint(err,
			 "run adefuse where the vault's private endpoint is reached, or: az "
			 "keyvault update --name %s --public-network-access Enabled",
			 name);
		return result;
	}
	result = err_set(err, ERR_VAULT, EACCES, "vault '%s' refuses to %s (HTTP 403 %s%s%s)", name,
			 asked, refusal->code, inner[0] ? "/" : "", inner);
	err_hint(
		err,
		"needed are Get and List on secrets (or the role Key Vault Secrets User), and Unwrap "
		"Key on keys (or Key Vault Crypto User); rights and network rules stand in: az "
		"keyvault show --name %s",
		name);
	return result;
}

static int not_found(const struct refusal_context *context, struct err *err)
{
	bool key = context->operation == VAULT_UNWRAP;
	char name[128];
	int result;

	vault_cloud_vault_name(context->vault, name, sizeof(name));
	if (context->operation == VAULT_LIST_SECRETS) {
		result = err_set(err, ERR_NOT_FOUND, ENOENT,
				 "'%s' knows no secrets: it is not a Key Vault",
				 context->vault->host);
		err_hint(err, "a managed HSM has keys only: --vault names the vault that has the "
			      "secret; az keyvault list shows vaults");
		return result;
	}
	result = err_set(err, ERR_NOT_FOUND, ENOENT, "vault '%s' has no %s '%s'", name,
			 key ? "key" : "secret", context->object);
	if (key)
		err_hint(err,
			 "it may have been deleted: az keyvault key list-deleted --vault-name %s; "
			 "--kek names another key or version",
			 name);
	else
		err_hint(
			err,
			"it may have been deleted: az keyvault secret list-deleted --vault-name %s",
			name);
	return result;
}

static int throttled(const struct refusal_context *context, struct err *err)
{
	char name[128];
	int result;

	vault_cloud_vault_name(context->vault, name, sizeof(name));
	if (context->retry_after >= 0)
		result =
			err_set(err, ERR_NETWORK, EBUSY,
				"vault '%s' is throttled (HTTP 429) and asks to wait %" PRId64 " s",
				name, context->retry_after);
	else
		result = err_set(err, ERR_NETWORK, EBUSY,
				 "vault '%s' is throttled (HTTP 429), still after %" PRId64 " s",
				 name, context->elapsed_ms / 1000);
	err_hint(err,
		 "somebody asks this vault too often; try again later, or allow more time with "
		 "--timeout");
	return result;
}

static int bad_request(const struct refusal *refusal, const struct refusal_context *context,
		       struct err *err)
{
	char asked[256];
	char name[128];
	int result;

	vault_cloud_vault_name(context->vault, name, sizeof(name));
	describe(context, asked, sizeof(asked));
	if (context->operation != VAULT_UNWRAP || strcmp(refusal->code, "BadParameter") != 0) {
		result = err_set(err, ERR_NETWORK, EPROTO, "vault '%s' refuses to %s (HTTP %d %s)",
				 name, asked, refusal->status, refusal->code);
		err_hint(err, "is it a Key Vault, and does a proxy change its answers?");
		return result;
	}
	result = err_set(err, ERR_VAULT, EKEYREJECTED,
			 "key '%s' in vault '%s' does not unwrap the BEK with %s (HTTP 400 %s)",
			 context->object, name, context->algorithm, refusal->code);
	err_hint(
		err,
		"the BEK was wrapped by another key or another version of it (the other algorithms have been "
		"tried too); name the right one with --kek https://.../keys/NAME/VERSION");
	return result;
}

int refusal_error(const struct refusal *refusal, const struct refusal_context *context,
		  struct err *err)
{
	const char *host = context->vault->host;
	int status = refusal->status;
	int result;

	if (status == 400)
		return bad_request(refusal, context, err);
	if (status == 401)
		return unauthorized(refusal, context, err);
	if (status == 403)
		return forbidden(refusal, context, err);
	if (status == 404)
		return not_found(context, err);
	if (status == 429)
		return throttled(context, err);
	if (status >= 300 && status < 400) {
		result = err_set(err, ERR_NETWORK, EPROTO,
				 "'%s' redirects (HTTP %d), which a vault does not; not followed",
				 host, status);
		err_hint(err, "is this the right host, and does a proxy want a sign-in first?");
		return result;
	}
	if (status >= 500 || status == 408) {
		result =
			err_set(err, ERR_NETWORK, EREMOTEIO,
				"'%s' has trouble on its side (HTTP %d), still after %" PRId64 " s",
				host, status, context->elapsed_ms / 1000);
		err_hint(err, "try again later; https://status.azure.com tells about outages");
		return result;
	}
	result = err_set(err, ERR_NETWORK, EPROTO, "'%s' answers HTTP %d%s%s", host, status,
			 refusal->code[0] ? " " : "", refusal->code);
	err_hint(err, "is this the right host, and does a proxy change its answers?");
	return result;
}
