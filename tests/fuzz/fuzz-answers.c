/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bodies that vault and sign-in service answer with: the first byte says as what the rest is read
 * (a listing, a secret, an unwrap, a token, a refusal).
 */
#include <string.h>

#include "entra/credential/endpoint.h"
#include "keyvault/ade.h"
#include "keyvault/bek_fetch.h"
#include "keyvault/client/refusal.h"
#include "keyvault/client/unwrap.h"
#include "keyvault/client/vault_secret.h"

#define HOST "https://contoso-kv.vault.azure.net"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_item(void *context, struct vault_secret **item, struct err *err)
{
	struct object_id *kek CLEANUP(object_id_free) = NULL;

	(void)ade_is_wrapped(*item, false);
	(void)bek_fetch_choose_kek(*item, NULL, &kek, err);
	return ade_consider(context, item) == 0 ? 0 : -1;
}

static void read_listing(const char *body, size_t size, const struct url *vault)
{
	struct guid id = {{0}};
	struct ade_candidates candidates CLEANUP(
		ade_candidates_clear) = {.ids = &id, .id_count = 1, .machine = "vm01"};
	struct url *next CLEANUP(url_free) = NULL;
	struct err err;

	if (vault_secret_page_parse(body, size, vault, on_item, &candidates, &next, &err) == 0 &&
	    next && !url_same_origin(next, vault))
		abort();
	ade_sort(&candidates);
}

static void read_secret(const char *body, size_t size, const struct object_id *id)
{
	struct vault_secret *item CLEANUP(vault_secret_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	struct err err;

	if (vault_secret_answer_parse(body, size, id, &item, &value, &err) == 0 &&
	    (!item || !value))
		abort();
}

static void read_unwrap(const char *body, size_t size, const struct object_id *id)
{
	struct object_id *kek CLEANUP(object_id_free) = NULL;
	struct secret *bytes CLEANUP(secret_free) = NULL;
	struct err err;

	if (unwrap_answer_parse(body, size, id, &bytes, &kek, &err) == 0 && (!kek || !bytes))
		abort();
}

static void read_token(const char *body, size_t size, int status)
{
	struct token token = {0};
	struct err err;

	if (endpoint_parse(status, body, size, "check", &token, &err) == 0 &&
	    !credential_token_ok(token.value))
		abort();
	secret_free(token.value);
}

static void read_refusal(const char *body, size_t size, const struct url *vault)
{
	static const int statuses[] = {400, 401, 403, 404, 429, 503};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct refusal_context context = {
			.operation = (enum vault_operation)(i % 3),
			.vault = vault,
			.object = "NAME/V1",
			.algorithm = "RSA-OAEP",
			.retry_after = -1,
		};
		struct refusal refusal;
		struct err err;

		refusal_parse(statuses[i], body, size, &refusal);
		if (refusal_error(&refusal, &context, &err) >= 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct url *vault CLEANUP(url_free) = NULL;
	struct object_id *id CLEANUP(object_id_free) = NULL;
	const char *body = (const char *)data + 1;

	if (size < 1 || url_parse(HOST, &vault, NULL) != 0 ||
	    object_id_make(vault, "a", "1", &id, NULL) != 0)
		return 0;
	switch (data[0]) {
	case 'l':
		read_listing(body, size - 1, vault);
		break;
	case 's':
		read_secret(body, size - 1, id);
		break;
	case 'u':
		read_unwrap(body, size - 1, id);
		break;
	case 't':
		read_token(body, size - 1, 200);
		break;
	case 'r':
		read_token(body, size - 1, 401);
		break;
	default:
		read_refusal(body, size - 1, vault);
	}
	return 0;
}
