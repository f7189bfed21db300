/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token that the user got elsewhere, for when nothing else works. By the protocol a token is
 * opaque to its bearer. But when it looks like a JWT (RFC 7519), its claims are read, to refuse
 * one that has expired, or one for another service, which must not be shown to a vault.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/text/base64.h"
#include "entra/credential/credential.h"
#include "net/json.h"

enum {
	/* For a token that does not say when it expires; the service refuses it once it has. */
	UNKNOWN_LIFETIME = 3600
};

/* "aud" may be missing or a list: then the service decides. */
static bool wrong_audience(const struct json_value *claims, const char *resource)
{
	const char *audience;
	size_t length;

	if (json_get_string(claims, "aud", &audience) != 0 || strncmp(audience, "https://", 8) != 0)
		return false;
	length = strlen(audience);
	if (audience[length - 1] == '/')
		length--;
	return strlen(resource) != length || strncmp(audience, resource, length) != 0;
}

static int check_claims(const struct json_value *claims, const char *resource, int64_t *lifetime,
			struct err *err)
{
	int64_t end;
	int result;

	if (wrong_audience(claims, resource)) {
		result = err_set(err, ERR_SIGNIN, EACCES,
				 "the given token is for another service than '%s'; it is not sent",
				 resource);
		err_hint(
			err,
			"get one: az account get-access-token --resource %s --query accessToken -o "
			"tsv",
			resource);
		return result;
	}
	if (json_get_integer(claims, "exp", 0, INT64_C(1) << 40, &end) != 0)
		return 0;
	*lifetime = end - time(NULL);
	if (*lifetime <= 0) {
		result = err_set(err, ERR_SIGNIN, EACCES,
				 "the given token has expired; it is not sent");
		err_hint(err,
			 "get a new one: az account get-access-token --resource %s --query "
			 "accessToken -o tsv; and check this machine's clock",
			 resource);
		return result;
	}
	if (*lifetime > TOKEN_LIFETIME_MAX)
		*lifetime = TOKEN_LIFETIME_MAX;
	return 0;
}

static int check_token(const struct secret *token, const char *resource, int64_t *lifetime,
		       struct err *err)
{
	struct secret *text CLEANUP(secret_free) = NULL;
	struct json *json CLEANUP(json_free) = NULL;
	const char *payload = strchr(secret_text(token), '.');

	*lifetime = UNKNOWN_LIFETIME;
	if (!payload)
		return 0;
	payload++;
	if (base64_decode(payload, strcspn(payload, "."), &text) != 0 ||
	    json_parse(secret_text(text), secret_size(text), &json) != 0 ||
	    !json_is_object(json_root(json)))
		return 0;
	return check_claims(json_root(json), resource, lifetime, err);
}

static int read_given(const struct credential_context *context, struct err *err)
{
	const struct entra_person *person = &context->person;
	struct secret *token CLEANUP(secret_free) = NULL;
	int result;

	if (context->state->given)
		return 0;
	if (!person->read_token)
		return err_set(err, ERR_SIGNIN, EACCES, "no token is given");
	result = person->read_token(person->context, &token, err);
	if (result != 0)
		return result;
	if (!credential_token_ok(token)) {
		result = err_set(err, ERR_USAGE, EINVAL, "what is given is not a token");
		err_hint(err,
			 "give the token alone, as az account get-access-token --query accessToken "
			 "-o tsv prints it");
		return result;
	}
	context->state->given = TAKE(token);
	return 0;
}

static int token_get(const struct credential_context *context,
		     const struct entra_audience *audience, struct token *ret_token,
		     struct err *err)
{
	const struct secret *given;
	int64_t lifetime;
	int result = read_given(context, err);

	if (result != 0)
		return result;
	given = context->state->given;
	result = check_token(given, audience->resource, &lifetime, err);
	if (result != 0)
		return result;
	ret_token->value = secret_copy(secret_bytes(given), secret_size(given));
	if (!ret_token->value)
		return err_nomem(err);
	ret_token->lifetime = lifetime;
	return 0;
}

const struct credential_ops credential_token = {
	.name = "token",
	.describe = "the given token",
	.get = token_get,
};
