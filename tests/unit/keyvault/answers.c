/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyvault: what answers of the vault and of the sign-in service mean, from stored bodies. */
#include <errno.h>

#include "entra/credential/endpoint.h"
#include "keyvault/client/refusal.h"
#include "keyvault/client/unwrap.h"
#include "keyvault/client/vault_secret.h"
#include "tests/tap.h"

static struct url *vault_url(void)
{
	struct url *url = NULL;

	must(url_parse("https://contoso-kv.vault.azure.net", &url, NULL) == 0);
	return url;
}

struct row {
	const char *body;
	int status;
	enum vault_operation operation;
	enum err_kind kind;
	int code;
	const char *message; /* must hold this */
	const char *hint;    /* and this */
};

#define FORBIDDEN(inner)                                                                         \
	"{\"error\":{\"code\":\"Forbidden\",\"message\":\"m\",\"innererror\":{\"code\":\"" inner \
	"\"}}}"

static const struct row rows[] = {
	{"{\"error\":{\"code\":\"Unauthorized\",\"message\":\"AKV10022: Invalid audience.\"}}", 401,
	 VAULT_GET_SECRET, ERR_SIGNIN, -EACCES, "AKV10022", "--cloud"},
	{"{\"error\":{\"code\":\"Unauthorized\",\"message\":\"AKV10032: Invalid issuer.\"}}", 401,
	 VAULT_GET_SECRET, ERR_SIGNIN, -EACCES, "another tenant", "--tenant"},
	{"", 401, VAULT_GET_SECRET, ERR_SIGNIN, -EACCES, "HTTP 401", "az login"},
	{FORBIDDEN("ForbiddenByPolicy"), 403, VAULT_LIST_SECRETS, ERR_VAULT, -EACCES,
	 "secrets/list",
	 "az keyvault set-policy --name contoso-kv --spn CLIENT --secret-permissions get list"},
	{FORBIDDEN("ForbiddenByPolicy"), 403, VAULT_GET_SECRET, ERR_VAULT, -EACCES, "secrets/get",
	 "--secret-permissions get list"},
	{FORBIDDEN("ForbiddenByPolicy"), 403, VAULT_UNWRAP, ERR_VAULT, -EACCES, "keys/unwrapKey",
	 "--key-permissions unwrapKey"},
	{FORBIDDEN("ForbiddenByRbac"), 403, VAULT_GET_SECRET, ERR_VAULT, -EACCES, "no role",
	 "az role assignment create --role \"Key Vault Secrets User\""},
	{FORBIDDEN("ForbiddenByRbac"), 403, VAULT_UNWRAP, ERR_VAULT, -EACCES, "no role",
	 "\"Key Vault Crypto User\""},
	{FORBIDDEN("ForbiddenByFirewall"), 403, VAULT_LIST_SECRETS, ERR_VAULT, -EACCES, "firewall",
	 "az keyvault network-rule add --name contoso-kv"},
	{FORBIDDEN("ForbiddenByConnection"), 403, VAULT_LIST_SECRETS, ERR_VAULT, -EACCES,
	 "public networks", "private endpoint"},
	{FORBIDDEN("SecretDisabled"), 403, VAULT_GET_SECRET, ERR_VAULT, -EKEYREVOKED, "is disabled",
	 "az keyvault secret set-attributes --vault-name contoso-kv --name NAME --version V1"},
	{FORBIDDEN("KeyDisabled"), 403, VAULT_UNWRAP, ERR_VAULT, -EKEYREVOKED, "is disabled",
	 "az keyvault key set-attributes"},
	{FORBIDDEN("SomethingNew"), 403, VAULT_UNWRAP, ERR_VAULT, -EACCES, "Forbidden/SomethingNew",
	 "az keyvault show"},
	{"<html>", 403, VAULT_GET_SECRET, ERR_VAULT, -EACCES, "HTTP 403", "az keyvault show"},
	{"<html>", 403, VAULT_GET_SECRET, ERR_VAULT, -EACCES, "HTTP 403",
	 "Get and List on secrets"},
	{"{\"error\":{\"code\":\"SecretNotFound\",\"message\":\"m\"}}", 404, VAULT_GET_SECRET,
	 ERR_NOT_FOUND, -ENOENT, "has no secret 'NAME/V1'", "list-deleted"},
	{"{\"error\":{\"code\":\"KeyNotFound\",\"message\":\"m\"}}", 404, VAULT_UNWRAP,
	 ERR_NOT_FOUND, -ENOENT, "has no key 'NAME/V1'", "--kek"},
	{"{\"error\":{\"code\":\"BadParameter\",\"message\":\"m\"}}", 400, VAULT_UNWRAP, ERR_VAULT,
	 -EKEYREJECTED, "does not unwrap", "another version"},
	{"{\"error\":{\"code\":\"BadParameter\",\"message\":\"m\"}}", 400, VAULT_GET_SECRET,
	 ERR_NETWORK, -EPROTO, "HTTP 400 BadParameter", ""},
	{"{\"error\":{\"code\":\"KeyOperationForbidden\",\"message\":\"padding\"}}", 400,
	 VAULT_UNWRAP, ERR_NETWORK, -EPROTO, "HTTP 400 KeyOperationForbidden", ""},
	{"{\"error\":{\"code\":\"Forbidden\",\"innererror\":{\"code\":\"ForbiddenByPolicy\"}}}",
	 403, VAULT_LIST_VERSIONS, ERR_VAULT, -EACCES, "list the versions of secret 'NAME/V1'",
	 "get list"},
	{"{\"error\":{\"code\":\"Throttled\",\"message\":\"m\"}}", 429, VAULT_GET_SECRET,
	 ERR_NETWORK, -EBUSY, "throttled", "--timeout"},
	{"", 503, VAULT_GET_SECRET, ERR_NETWORK, -EREMOTEIO, "HTTP 503", "later"},
	{"", 302, VAULT_GET_SECRET, ERR_NETWORK, -EPROTO, "redirects", ""},
	{"", 418, VAULT_GET_SECRET, ERR_NETWORK, -EPROTO, "HTTP 418", ""},
};

static void test_refusals(void)
{
	struct url *vault CLEANUP(url_free) = vault_url();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct refusal_context context = {
			.operation = row->operation,
			.vault = vault,
			.object = row->operation == VAULT_LIST_SECRETS ? NULL : "NAME/V1",
			.client_id = "CLIENT",
			.algorithm = "RSA-OAEP",
			.retry_after = -1,
		};
		struct refusal refusal;
		struct err err = {0};
		int result;

		refusal_parse(row->status, row->body, strlen(row->body), &refusal);
		result = refusal_error(&refusal, &context, &err);
		is(result, row->code, "row %zu: %d %s", i, row->status, row->message);
		is(err.kind, row->kind, "  kind");
		if (!ok(strstr(err.message, row->message), "  message"))
			printf("# %s\n", err.message);
		if (!ok(strstr(err.hint, row->hint), "  hint"))
			printf("# %s\n", err.hint);
	}
}

/* A managed HSM's 403 has no inner code; its roles are its own. */
static void test_hsm(void)
{
	static const char body[] = "{\"error\":{\"code\":\"Forbidden\",\"message\":\"m\"}}";
	struct url *hsm CLEANUP(url_free) = NULL;
	struct refusal_context context = {.operation = VAULT_UNWRAP,
					  .object = "kek/v1",
					  .client_id = "CLIENT",
					  .retry_after = -1};
	struct refusal refusal;
	struct err err = {0};

	must(url_parse("https://contoso-hsm.managedhsm.usgovcloudapi.net", &hsm, NULL) == 0);
	context.vault = hsm;
	refusal_parse(403, body, sizeof(body) - 1, &refusal);
	is(refusal_error(&refusal, &context, &err), -EACCES, "a managed HSM refuses");
	is_text(err.message,
		"managed HSM 'contoso-hsm' refuses to unwrap with key 'kek/v1': you have no role that "
		"allows it",
		"  in its own words");
	ok(strstr(err.hint, "az keyvault role assignment create --hsm-name contoso-hsm --role "
			    "\"Managed HSM Crypto User\" --assignee CLIENT --scope /keys/kek"),
	   "  and its own role and command");
	context.operation = VAULT_LIST_SECRETS;
	context.object = NULL;
	refusal_parse(404, "", 0, &refusal);
	is(refusal_error(&refusal, &context, &err), -ENOENT, "it has no secrets to list");
	ok(strstr(err.hint, "--vault names the vault"), "  and the hint says where they are");
}

static void test_foreign_text(void)
{
	static const char body[] =
		"{\"error\":{\"code\":\"a\\u001b[31m b\",\"message\":\"AKV10022abc\","
		"\"innererror\":{\"code\":\"x y\",\"innererror\":{\"code\":\"Deepest\"}}}}";
	struct refusal refusal;

	refusal_parse(403, body, sizeof(body) - 1, &refusal);
	is_text(refusal.code, "", "a code that is no word is dropped");
	is_text(refusal.inner, "Deepest", "the innermost code counts");
	is_text(refusal.akv, "AKV10022", "the number at the start of the message");
}

static void test_sign_in(void)
{
	static const char good[] =
		"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"aaa.bbb-_.ccc\"}";
	static const char *const bad[] = {
		"",
		"[]",
		"{\"token_type\":\"Bearer\",\"expires_in\":3599}",
		"{\"token_type\":\"mac\",\"expires_in\":3599,\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":\"3599\",\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":-1,\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":1e99,\"access_token\":\"a\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"a\\r\\nX: y\"}",
		"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":7}",
	};
	static const char refused[] =
		"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: "
		"secret s3cret\",\"error_codes\":[7000215]}";
	struct token token = {0};
	struct err err = {0};

	is(endpoint_parse(200, good, sizeof(good) - 1, "check", &token, &err), 0, "a token");
	is(token.lifetime, 3599, "  its lifetime");
	is_text(secret_text(token.value), "aaa.bbb-_.ccc", "  its text");
	secret_free(token.value);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(endpoint_parse(200, bad[i], strlen(bad[i]), "check", &token, &err) == -EPROTO &&
			   err.kind == ERR_NETWORK,
		   "not understood: %s", bad[i]);
	is(endpoint_parse(401, refused, sizeof(refused) - 1, "check", &token, &err), -EACCES,
	   "refused");
	is(err.kind, ERR_SIGNIN, "  kind");
	ok(strstr(err.message, "invalid_client AADSTS7000215"), "  both codes");
	ok(!strstr(err.message, "s3cret"), "  and not the description");
	ok(strstr(err.hint, "client secret is wrong"), "  and what to do");
	is(endpoint_parse(503, "", 0, "check", &token, &err), -EREMOTEIO, "trouble on their side");
	is(err.kind, ERR_NETWORK, "  is no refusal");
}

static int count_items(void *context, struct vault_secret **item, struct err *err)
{
	unsigned int *count = context;

	(void)item;
	(void)err;
	(*count)++;
	return 0;
}

static void check_page(const char *body, int want, unsigned int items, const char *next_query)
{
	struct url *vault CLEANUP(url_free) = vault_url();
	struct url *next CLEANUP(url_free) = NULL;
	unsigned int count = 0;
	struct err err = {0};

	is(vault_secret_page_parse(body, strlen(body), vault, count_items, &count, &next, &err),
	   want, "page: %.70s", body);
	if (want == 0) {
		is(count, items, "  entries");
		is_text(next ? next->query : NULL, next_query, "  next page");
	}
}

#define HOST "https://contoso-kv.vault.azure.net"

static void test_pages(void)
{
	check_page("{\"value\":[],\"nextLink\":null}", 0, 0, NULL);
	check_page("{\"value\":[{\"id\":\"" HOST ":443/secrets/a\"},{\"id\":\"" HOST "/secrets/b\","
		   "\"attributes\":{\"enabled\":false,\"created\":5}}],\"nextLink\":\"" HOST
		   ":443/secrets?api-version=7.4&$skiptoken=x\"}",
		   0, 2, "api-version=7.4&$skiptoken=x");
	check_page(
		"{\"value\":[{\"id\":5},{},7,null,{\"id\":\"https://evil.vault.azure.net/secrets/a\"},"
		"{\"id\":\"" HOST "/keys/a\"},{\"id\":\"" HOST "/secrets/a\"}]}",
		0, 1, NULL);
	check_page("{\"value\":{}}", -EPROTO, 0, NULL);
	check_page("{\"value\":null}", -EPROTO, 0, NULL);
	check_page("{}", -EPROTO, 0, NULL);
	check_page("[]", -EPROTO, 0, NULL);
	check_page("null", -EPROTO, 0, NULL);
	check_page("{\"value\":[],\"nextLink\":5}", -EPROTO, 0, NULL);
	check_page("{\"value\":[],\"nextLink\":\"/secrets?x\"}", -EPROTO, 0, NULL);
	check_page("{\"value\":[],\"nextLink\":\"https://evil.example/secrets?x\"}", -EPROTO, 0,
		   NULL);
	check_page("{\"value\":[],\"nextLink\":\"" HOST ":8443/secrets?x\"}", -EPROTO, 0, NULL);
	check_page("{\"value\":[],\"nextLink\":\"" HOST "@evil.example/secrets?x\"}", -EPROTO, 0,
		   NULL);
	check_page("{\"value\":[],\"nextLink\":\"http://contoso-kv.vault.azure.net/secrets?x\"}",
		   -EPROTO, 0, NULL);
	check_page("{\"value\":[],\"nextLink\":\"" HOST "/keys?x\"}", -EPROTO, 0, NULL);
}

static void check_version(const char *version, const char *body, int want)
{
	struct url *vault CLEANUP(url_free) = vault_url();
	struct object_id *id CLEANUP(object_id_free) = NULL;
	struct vault_secret *item CLEANUP(vault_secret_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	struct err err = {0};

	must(object_id_make(vault, "A-1", version, &id, NULL) == 0);
	is(vault_secret_answer_parse(body, strlen(body), id, &item, &value, &err), want,
	   "secret: %.80s", body);
	ok(want != 0 || (item && value), "  is complete when it is taken");
}

static void check_secret(const char *body, int want)
{
	check_version(NULL, body, want);
}

static void check_unwrapped(const char *body, int want)
{
	struct url *vault CLEANUP(url_free) = vault_url();
	struct object_id *asked CLEANUP(object_id_free) = NULL;
	struct object_id *kek CLEANUP(object_id_free) = NULL;
	struct secret *bytes CLEANUP(secret_free) = NULL;
	struct err err = {0};

	must(object_id_make(vault, "kek", "v1", &asked, NULL) == 0);
	is(unwrap_answer_parse(body, strlen(body), asked, &bytes, &kek, &err), want,
	   "unwrapped: %.80s", body);
	ok(want != 0 || (kek && secret_size(bytes) == 3), "  is complete when it is taken");
}

static void test_values(void)
{
	check_secret("{\"id\":\"" HOST "/secrets/a-1/v1\",\"value\":\"x\"}", 0);
	check_secret("{\"id\":\"" HOST "/secrets/a-2/v1\",\"value\":\"x\"}", -EPROTO);
	check_secret("{\"id\":\"https://evil.example/secrets/a-1/v1\",\"value\":\"x\"}", -EPROTO);
	check_secret("{\"id\":\"" HOST "/secrets/a-1/v1\",\"value\":5}", -EPROTO);
	check_secret("{\"id\":\"" HOST "/secrets/a-1/v1\"}", -EPROTO);
	check_secret("{\"id\":\"" HOST "/secrets/a-1/v1\",\"value\":\"x\",\"value\":\"y\"}",
		     -EPROTO);
	check_secret("", -EPROTO);
	check_version("V1", "{\"id\":\"" HOST "/secrets/a-1/v1\",\"value\":\"x\"}", 0);
	check_version("v1", "{\"id\":\"" HOST "/secrets/a-1/v2\",\"value\":\"x\"}", -EPROTO);
	check_version("v1", "{\"id\":\"" HOST "/secrets/a-1\",\"value\":\"x\"}", -EPROTO);
	check_unwrapped("{\"kid\":\"" HOST "/keys/kek/v1\",\"value\":\"AQID\"}", 0);
	check_unwrapped("{\"kid\":\"" HOST "/keys/kek/v2\",\"value\":\"AQID\"}", -EPROTO);
	check_unwrapped("{\"kid\":\"" HOST "/keys/other/v1\",\"value\":\"AQID\"}", -EPROTO);
	check_unwrapped("{\"kid\":\"" HOST "/keys/kek/v1\",\"value\":\"?\"}", -EPROTO);
	check_unwrapped("{\"kid\":\"https://evil.example/keys/kek/v1\",\"value\":\"AQID\"}",
			-EPROTO);
	check_unwrapped("{\"kid\":\"" HOST ":8443/keys/kek/v1\",\"value\":\"AQID\"}", -EPROTO);
	check_unwrapped("{\"kid\":\"" HOST "/keys/kek/v1\"}", -EPROTO);
	check_unwrapped("{\"value\":\"AQID\"}", -EPROTO);
	check_unwrapped("nonsense", -EPROTO);
	is_text(unwrap_algorithm("rsa-oaep-256"), "RSA-OAEP-256", "algorithms in any case");
	ok(!unwrap_algorithm("RSA-OAEP-512"), "unknown ones are known to be so");
}

int main(void)
{
	test_refusals();
	test_hsm();
	test_foreign_text();
	test_sign_in();
	test_pages();
	test_values();
	return tap_done();
}
