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

#define CHECK_VAULT "check that it is a Key Vault, and that no proxy changes its answers"

enum {
	INNER_DEPTH_MAX = 8
};

/* Codes are words; anything else could be made to look like our own text. */
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

/* A refusal with the words that its messages share. */
struct scene {
	const struct refusal *refusal;
	const struct refusal_context *context;
	char asked[256];     /* completes "the vault refuses to ..." */
	char vault[128];     /* its name, as az takes it */
	char object[128];    /* the object's name; empty for a listing */
	const char *version; /* of the object; NULL: the current one */
};

static void set_scene(const struct refusal *refusal, const struct refusal_context *context,
		      struct scene *scene)
{
	const char *object = context->object ? context->object : "";
	size_t length = strcspn(object, "/");

	*scene = (struct scene){.refusal = refusal, .context = context};
	vault_cloud_vault_name(context->vault, scene->vault, sizeof(scene->vault));
	(void)snprintf(scene->object, sizeof(scene->object), "%.*s", (int)length, object);
	scene->version = object[length] == '/' ? object + length + 1 : NULL;
	switch (context->operation) {
	case VAULT_LIST_SECRETS:
		(void)snprintf(scene->asked, sizeof(scene->asked), "list the secrets");
		break;
	case VAULT_LIST_VERSIONS:
		(void)snprintf(scene->asked, sizeof(scene->asked),
			       "list the versions of secret '%s'", object);
		break;
	case VAULT_GET_SECRET:
		(void)snprintf(scene->asked, sizeof(scene->asked), "return secret '%s'", object);
		break;
	case VAULT_UNWRAP:
		(void)snprintf(scene->asked, sizeof(scene->asked), "unwrap with key '%s'", object);
		break;
	}
}

/* ------------------------------------------------------------ 401: the token */

/* What is wrong with a token, where the vault gives a reason. */
struct token_fault {
	const char *akv;
	const char *why;
	const char *hint;
};

static const struct token_fault *find_fault(const char *akv)
{
	static const struct token_fault faults[] = {
		{"AKV10022", "it is for another audience",
		 "check that --cloud is the cloud of this vault"},
		{"AKV10032", "it is of another tenant",
		 "sign in to the vault's tenant: --tenant, AZURE_TENANT_ID or az login --tenant; "
		 "`az keyvault show --name VAULT --query properties.tenantId` shows which it is"},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (strcmp(akv, faults[i].akv) == 0)
			return &faults[i];
	}
	return NULL;
}

/* Nobody here can get another one; whoever gave it can. */
static int given_refused(const struct scene *scene, const struct token_fault *fault,
			 struct err *err)
{
	const struct refusal_context *context = scene->context;
	const char *akv = scene->refusal->akv;
	int result =
		err_set(err, ERR_SIGNIN, EACCES, "'%s' refuses the given token (HTTP 401%s%s): %s",
			context->vault->host, akv[0] ? ", " : "", akv,
			fault ? fault->why
			      : "the vault gives no reason; it may have expired or been "
				"revoked");

	err_hint(err,
		 "get a new one: az account get-access-token --resource %s --tenant %s --query "
		 "accessToken -o tsv",
		 context->given_resource, context->given_tenant);
	return result;
}

static int unauthorized(const struct scene *scene, struct err *err)
{
	const char *host = scene->context->vault->host;
	const char *akv = scene->refusal->akv;
	const struct token_fault *fault = find_fault(akv);
	int result;

	if (scene->context->given_resource && scene->context->given_tenant)
		return given_refused(scene, fault, err);
	if (fault)
		result = err_set(err, ERR_SIGNIN, EACCES, "'%s' does not accept the token: %s (%s)",
				 host, fault->why, akv);
	else
		result = err_set(err, ERR_SIGNIN, EACCES,
				 "'%s' does not accept the token (HTTP 401%s%s)", host,
				 akv[0] ? ", " : "", akv);
	err_hint(err, "%s",
		 fault ? fault->hint : "sign in again (az login), and check this machine's clock");
	return result;
}

/* ----------------------------------------------------------- 403: the rights */

/* Whom to grant the right to: an option of az and its value. */
static const char *grantee(const struct scene *scene, const char *by_client, const char *by_object,
			   char text[160])
{
	const char *client = scene->context->client_id;

	(void)snprintf(text, 160, "%s %s", client ? by_client : by_object,
		       client ? client : "OBJECT-ID");
	return text;
}

static int refuses(const struct scene *scene, const char *why, struct err *err)
{
	return err_set(err, ERR_VAULT, EACCES, "vault '%s' refuses to %s: %s", scene->vault,
		       scene->asked, why);
}

#define NO_RIGHT(right) "its access policy does not give you the " right " right"

static int by_policy(const struct scene *scene, struct err *err)
{
	enum vault_operation operation = scene->context->operation;
	bool unwrap = operation == VAULT_UNWRAP;
	char whom[160];
	int result = refuses(scene,
			     unwrap			     ? NO_RIGHT("keys/unwrapKey")
			     : operation == VAULT_GET_SECRET ? NO_RIGHT("secrets/get")
							     : NO_RIGHT("secrets/list"),
			     err);

	err_hint(err, "have %s granted: az keyvault set-policy --name %s %s %s",
		 unwrap ? "Unwrap Key on keys" : "Get and List on secrets", scene->vault,
		 grantee(scene, "--spn", "--object-id", whom),
		 unwrap ? "--key-permissions unwrapKey" : "--secret-permissions get list");
	return result;
}

static int by_role(const struct scene *scene, struct err *err)
{
	bool unwrap = scene->context->operation == VAULT_UNWRAP;
	const char *role = unwrap ? "Key Vault Crypto User" : "Key Vault Secrets User";
	char whom[160];
	int result = refuses(scene, "you have no role that allows it", err);

	err_hint(
		err,
		"have the role %s%s granted: az role assignment create --role \"%s\" %s --scope "
		"$(az keyvault show --name %s --query id -o tsv); a new role takes some minutes to "
		"take effect",
		role, unwrap ? " (or Key Vault Crypto Service Encryption User)" : "", role,
		grantee(scene, "--assignee", "--assignee", whom), scene->vault);
	return result;
}

/* A managed HSM has its own roles, which are granted in it, and gives no inner code. */
static int by_hsm_role(const struct scene *scene, struct err *err)
{
	char whom[160];
	int result = err_set(err, ERR_VAULT, EACCES,
			     "managed HSM '%s' refuses to %s: you have no role that allows it",
			     scene->vault, scene->asked);

	err_hint(
		err,
		"have the role Managed HSM Crypto User granted: az keyvault role assignment create "
		"--hsm-name %s --role \"Managed HSM Crypto User\" %s --scope /keys/%s",
		scene->vault, grantee(scene, "--assignee", "--assignee", whom), scene->object);
	return result;
}

static int by_firewall(const struct scene *scene, struct err *err)
{
	int result = refuses(scene, "its firewall does not allow this machine's address", err);

	err_hint(err,
		 "have the address allowed: az keyvault network-rule add --name %s "
		 "--ip-address THIS-MACHINE'S-PUBLIC-ADDRESS",
		 scene->vault);
	return result;
}

static int by_connection(const struct scene *scene, struct err *err)
{
	int result = refuses(scene, "it takes no connections from public networks", err);

	err_hint(err,
		 "run adefuse where the vault's private endpoint can be reached, or: az keyvault "
		 "update --name %s --public-network-access Enabled",
		 scene->vault);
	return result;
}

static int disabled(const struct scene *scene, struct err *err)
{
	const char *kind = scene->context->operation == VAULT_UNWRAP ? "key" : "secret";
	const char *object = scene->context->object ? scene->context->object : "?";
	int result = err_set(err, ERR_VAULT, EKEYREVOKED, "%s '%s' in vault '%s' is disabled", kind,
			     object, scene->vault);

	err_hint(
		err,
		"enable it: az keyvault %s set-attributes --vault-name %s --name %s%s%s --enabled true",
		kind, scene->vault, scene->object, scene->version ? " --version " : "",
		scene->version ? scene->version : "");
	return result;
}

static int forbidden_otherwise(const struct scene *scene, struct err *err)
{
	const struct refusal *refusal = scene->refusal;
	int result = err_set(err, ERR_VAULT, EACCES, "vault '%s' refuses to %s (HTTP 403 %s%s%s)",
			     scene->vault, scene->asked, refusal->code,
			     refusal->inner[0] ? "/" : "", refusal->inner);

	err_hint(
		err,
		"you need Get and List on secrets (or the role Key Vault Secrets User), and Unwrap "
		"Key on keys (or Key Vault Crypto User); az keyvault show --name %s shows the "
		"vault's policy and network rules",
		scene->vault);
	return result;
}

/* By the inner code, where the vault gives the reason. */
static int forbidden(const struct scene *scene, struct err *err)
{
	static const struct {
		const char *inner;
		int (*explain)(const struct scene *scene, struct err *err);
	} reasons[] = {
		{"ForbiddenByPolicy", by_policy},
		{"AccessDenied", by_policy},
		{"ForbiddenByRbac", by_role},
		{"ForbiddenByFirewall", by_firewall},
		{"ForbiddenByConnection", by_connection},
		{"SecretDisabled", disabled},
		{"KeyDisabled", disabled},
	};
	const char *inner = scene->refusal->inner;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strcmp(inner, reasons[i].inner) == 0)
			return reasons[i].explain(scene, err);
	}
	if (!inner[0] && scene->context->operation == VAULT_UNWRAP &&
	    vault_cloud_is_hsm(scene->context->vault))
		return by_hsm_role(scene, err);
	return forbidden_otherwise(scene, err);
}

/* ----------------------------------------------------------------- the others */

static int not_found(const struct scene *scene, struct err *err)
{
	bool key = scene->context->operation == VAULT_UNWRAP;
	const char *kind = key ? "key" : "secret";
	int result;

	if (scene->context->operation == VAULT_LIST_SECRETS) {
		result = err_set(err, ERR_NOT_FOUND, ENOENT,
				 "'%s' has no secrets: it is not a Key Vault",
				 scene->context->vault->host);
		err_hint(err, "a managed HSM has keys only; --vault names the vault that has the "
			      "secret (az keyvault list shows vaults)");
		return result;
	}
	result = err_set(err, ERR_NOT_FOUND, ENOENT, "vault '%s' has no %s '%s'", scene->vault,
			 kind, scene->context->object);
	err_hint(err, "it may have been deleted: az keyvault %s list-deleted --vault-name %s%s",
		 kind, scene->vault, key ? "; --kek names another key or version" : "");
	return result;
}

static int throttled(const struct scene *scene, struct err *err)
{
	const struct refusal_context *context = scene->context;
	int result;

	if (context->retry_after >= 0)
		result =
			err_set(err, ERR_NETWORK, EBUSY,
				"vault '%s' is throttled (HTTP 429) and asks to wait %" PRId64 " s",
				scene->vault, context->retry_after);
	else
		result = err_set(err, ERR_NETWORK, EBUSY,
				 "vault '%s' is throttled (HTTP 429), still after %" PRId64 " s",
				 scene->vault, context->elapsed_ms / 1000);
	err_hint(err, "the vault gets too many requests; try again later, or allow more time with "
		      "--timeout");
	return result;
}

static int not_unwrapped(const struct scene *scene, struct err *err)
{
	int result = err_set(err, ERR_VAULT, EKEYREJECTED,
			     "key '%s' in vault '%s' does not unwrap the BEK with %s (HTTP 400 %s)",
			     scene->context->object, scene->vault, scene->context->algorithm,
			     scene->refusal->code);

	err_hint(err, "the BEK was wrapped by another key or another version of it (the other "
		      "algorithms have been tried too); name the right one with --kek "
		      "https://.../keys/NAME/VERSION");
	return result;
}

static int bad_request(const struct scene *scene, struct err *err)
{
	const struct refusal *refusal = scene->refusal;
	int result;

	if (scene->context->operation == VAULT_UNWRAP && strcmp(refusal->code, "BadParameter") == 0)
		return not_unwrapped(scene, err);
	result = err_set(err, ERR_NETWORK, EPROTO, "vault '%s' refuses to %s (HTTP %d %s)",
			 scene->vault, scene->asked, refusal->status, refusal->code);
	err_hint(err, CHECK_VAULT);
	return result;
}

static int redirected(const struct scene *scene, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, EPROTO,
			     "'%s' redirects (HTTP %d), which a vault does not; not followed",
			     scene->context->vault->host, scene->refusal->status);

	err_hint(err,
		 "check that it is the right host, and that no proxy asks for a sign-in first");
	return result;
}

static int in_trouble(const struct scene *scene, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, EREMOTEIO,
			     "'%s' has trouble on its side (HTTP %d), still after %" PRId64 " s",
			     scene->context->vault->host, scene->refusal->status,
			     scene->context->elapsed_ms / 1000);

	err_hint(err, "try again later; https://status.azure.com shows outages");
	return result;
}

static int unexpected(const struct scene *scene, struct err *err)
{
	const struct refusal *refusal = scene->refusal;
	int result = err_set(err, ERR_NETWORK, EPROTO, "'%s' answers HTTP %d%s%s",
			     scene->context->vault->host, refusal->status,
			     refusal->code[0] ? " " : "", refusal->code);

	err_hint(err, CHECK_VAULT);
	return result;
}

int refusal_error(const struct refusal *refusal, const struct refusal_context *context,
		  struct err *err)
{
	int status = refusal->status;
	struct scene scene;

	set_scene(refusal, context, &scene);
	if (status >= 300 && status < 400)
		return redirected(&scene, err);
	if (status == 400)
		return bad_request(&scene, err);
	if (status == 401)
		return unauthorized(&scene, err);
	if (status == 403)
		return forbidden(&scene, err);
	if (status == 404)
		return not_found(&scene, err);
	if (status == 429)
		return throttled(&scene, err);
	if (status >= 500 || status == 408)
		return in_trouble(&scene, err);
	return unexpected(&scene, err);
}

/* A get of the secret that is answered so. */
static int as_if(const struct object_id *secret, const struct refusal *refusal, struct err *err)
{
	char text[OBJECT_TEXT_SIZE];
	struct refusal_context context = {
		.operation = VAULT_GET_SECRET,
		.vault = secret->vault,
		.object = object_id_text(secret, text),
		.retry_after = -1,
	};

	return refusal_error(refusal, &context, err);
}

int refusal_absent(const struct object_id *secret, struct err *err)
{
	const struct refusal refusal = {.status = 404, .code = "SecretNotFound"};

	return as_if(secret, &refusal, err);
}

int refusal_disabled(const struct object_id *secret, struct err *err)
{
	const struct refusal refusal = {
		.status = 403, .code = "Forbidden", .inner = "SecretDisabled"};

	return as_if(secret, &refusal, err);
}

int refusal_not_understood(const struct url *vault, const char *why, struct err *err)
{
	int result = err_set(err, ERR_NETWORK, EPROTO, "the answer of '%s' is not understood: %s",
			     vault->host, why);

	err_hint(err, CHECK_VAULT);
	return result;
}
