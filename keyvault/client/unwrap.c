/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The unwrapkey operation; see unwrap.h. */
#include "keyvault/client/unwrap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text/base64.h"
#include "net/json.h"

const char *unwrap_algorithm(const char *name)
{
	static const char *const known[] = {"RSA-OAEP", "RSA-OAEP-256", "RSA1_5"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(name, known[i]) == 0)
			return known[i];
	}
	return NULL;
}

/* {"alg":"...","value":"..."} with canonical base64url: the service accepts nothing else. */
static int make_body(const char *algorithm, const struct secret *wrapped, struct secret **ret_body,
		     struct err *err)
{
	struct secret *bytes CLEANUP(secret_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	struct secret *body CLEANUP(secret_free) = NULL;
	int result = base64_decode(secret_text(wrapped), secret_size(wrapped), &bytes);

	if (result == -EINVAL || (result == 0 && secret_size(bytes) == 0)) {
		result = err_set(err, ERR_KEY, EBADMSG, "the wrapped BEK is not base64");
		err_hint(err, "check that Azure Disk Encryption wrote this secret");
		return result;
	}
	if (result != 0)
		return err_nomem(err);
	value = base64_encode_url(secret_bytes(bytes), secret_size(bytes));
	if (!value || secret_append(&body, "{\"alg\":\"", 8) != 0 ||
	    secret_append(&body, algorithm, strlen(algorithm)) != 0 ||
	    secret_append(&body, "\",\"value\":\"", 11) != 0 ||
	    secret_append(&body, secret_bytes(value), secret_size(value)) != 0 ||
	    secret_append(&body, "\"}", 2) != 0)
		return err_nomem(err);
	*ret_body = TAKE(body);
	return 0;
}

int unwrap_answer_parse(const char *body, size_t size, const struct object_id *asked,
			struct secret **ret_bytes, struct object_id **ret_kek, struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct object_id *kek CLEANUP(object_id_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	const char *kid;
	int result = json_parse(body, size, &json);

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return refusal_not_understood(asked->vault, "it is not JSON", err);
	if (json_get_string(json_root(json), "kid", &kid) != 0 ||
	    object_id_parse(kid, "keys", &kek, NULL) != 0 ||
	    !url_same_origin(kek->vault, asked->vault) || strcasecmp(kek->name, asked->name) != 0 ||
	    (asked->version[0] && strcasecmp(kek->version, asked->version) != 0))
		return refusal_not_understood(asked->vault, "it is not of the key asked for", err);
	result = json_take_secret(json, json_root(json), "value", &value);
	if (result == 0)
		result = base64_decode(secret_text(value), secret_size(value), ret_bytes);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return refusal_not_understood(asked->vault, "the unwrapped value is not base64",
					      err);
	*ret_kek = TAKE(kek);
	return 0;
}

int unwrap_key(struct vault_client *client, const struct object_id *kek, const char *algorithm,
	       const struct secret *wrapped, struct secret **ret_bytes, struct object_id **ret_kek,
	       struct err *err)
{
	struct secret *body CLEANUP(secret_free) = NULL;
	struct secret *answer CLEANUP(secret_free) = NULL;
	struct url *url CLEANUP(url_free) = NULL;
	char text[OBJECT_TEXT_SIZE];
	char path[OBJECT_TEXT_SIZE + 32];
	struct vault_call call = {
		.method = "POST",
		.operation = VAULT_UNWRAP,
		.object = object_id_text(kek, text),
		.algorithm = algorithm,
	};
	int result = make_body(algorithm, wrapped, &body, err);

	if (result != 0)
		return result;
	/* An empty version stands for the current one, as in Microsoft's clients. */
	(void)snprintf(path, sizeof(path), "/keys/%s/%s/unwrapkey", kek->name, kek->version);
	url = url_at(kek->vault, path, VAULT_QUERY);
	if (!url)
		return err_nomem(err);
	call.url = url;
	call.body = body;
	result = vault_call(client, &call, &answer, err);
	if (result != 0)
		return result;
	return unwrap_answer_parse(secret_text(answer), secret_size(answer), kek, ret_bytes,
				   ret_kek, err);
}
