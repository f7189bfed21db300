/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Token requests to Microsoft Entra ID and what its refusals mean; see entra.h. */
#include "keyvault/entra.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/json.h"

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static int add_encoded(struct secret **form, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";
	int r = 0;

	for (; *value && r == 0; value++) {
		unsigned char c = (unsigned char)*value;
		char code[3] = {'%', hex[c >> 4], hex[c & 15]};

		r = is_unreserved(c) ? secret_append(form, &c, 1) : secret_append(form, code, 3);
		secret_wipe(code, sizeof(code));
	}
	return r;
}

int entra_form_add(struct secret **form, const char *name, const char *value)
{
	int r = 0;

	if (*form)
		r = secret_append(form, "&", 1);
	if (r == 0)
		r = secret_append(form, name, strlen(name));
	if (r == 0)
		r = secret_append(form, "=", 1);
	return r == 0 ? add_encoded(form, value) : r;
}

/* What can be done about the AADSTS codes that people meet. */
static const struct {
	int64_t code;
	const char *hint;
} advice[] = {
	{7000215, "the client secret is wrong: give its value, not its id, in AZURE_CLIENT_SECRET"},
	{7000222, "the client secret has expired: make a new one with az ad app credential reset"},
	{700016, "the application is not known in this tenant: check AZURE_CLIENT_ID and "
		 "AZURE_TENANT_ID"},
	{90002, "there is no such tenant: check AZURE_TENANT_ID or --tenant, and --cloud"},
	{900023, "there is no such tenant: check AZURE_TENANT_ID or --tenant"},
	{500011, "the tenant does not know the vault's resource: check --cloud"},
	{53003, "a conditional access policy forbids it: ask the tenant's administrator"},
	{530003, "a conditional access policy wants a managed device: ask the tenant's "
		 "administrator"},
	{7000112, "the application is disabled: ask the tenant's administrator"},
	{70043, "the session has expired: az login"},
	{700082, "the session has expired: az login"},
};

static int64_t first_code(const struct json_value *root)
{
	const struct json_value *codes;
	const struct json_value *first;
	int64_t code = 0;

	if (json_get_array(root, "error_codes", &codes) != 0)
		return 0;
	first = json_first(codes);
	if (!first || json_to_integer(first, 1, INT32_MAX, &code) != 0)
		return 0;
	return code;
}

/* error is a word of lower case letters (RFC 6749, 5.2); what is not is not shown. */
static const char *error_word(const struct json_value *root)
{
	const char *word;

	if (json_get_string(root, "error", &word) != 0 || strlen(word) > 64 ||
	    strspn(word, "abcdefghijklmnopqrstuvwxyz_") != strlen(word))
		return "";
	return word;
}

static int refused(int status, const struct json_value *root, struct err *err)
{
	const char *word = root ? error_word(root) : "";
	int64_t code = root ? first_code(root) : 0;
	char number[32] = "";
	int r;

	if (status >= 500 || status == 429 || status == 408) {
		r = err_set(err, ERR_NETWORK, EREMOTEIO,
			    "the sign-in service has trouble on its side (HTTP %d)", status);
		err_hint(err, "try again later; https://status.azure.com tells about outages");
		return r;
	}
	if (code)
		(void)snprintf(number, sizeof(number), " AADSTS%lld", (long long)code);
	r = err_set(err, ERR_SIGNIN, EACCES, "sign-in refused (HTTP %d%s%s%s)", status,
		    *word ? " " : "", word, number);
	err_hint(err, "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET");
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		if (advice[i].code == code)
			err_hint(err, "%s", advice[i].hint);
	}
	return r;
}

static int not_understood(struct err *err)
{
	int r = err_set(err, ERR_NETWORK, EPROTO, "the sign-in service's answer is not understood");

	err_hint(err, "is AZURE_AUTHORITY_HOST right, and does a proxy change its answers?");
	return r;
}

int entra_parse(int status, const char *body, size_t size, struct token *ret_token, struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	const struct json_value *root = NULL;
	const char *type;
	int64_t lifetime;
	int r = json_parse(body, size, &json);

	if (r == -ENOMEM)
		return err_nomem(err);
	if (r == 0)
		root = json_root(json);
	if (status != 200)
		return refused(status, root, err);
	if (!root || json_get_string(root, "token_type", &type) != 0 ||
	    strcasecmp(type, "Bearer") != 0 ||
	    json_get_integer(root, "expires_in", 0, TOKEN_LIFETIME_MAX, &lifetime) != 0)
		return not_understood(err);
	r = json_take_secret(json, root, "access_token", &value);
	if (r == -ENOMEM)
		return err_nomem(err);
	if (r != 0 || !credential_token_ok(value))
		return not_understood(err);
	ret_token->value = TAKE(value);
	ret_token->lifetime = lifetime;
	return 0;
}

int entra_token(const struct credential_context *context, const char *tenant,
		const struct secret *form, struct token *ret_token, struct err *err)
{
	struct fetch_result result CLEANUP(fetch_result_clear) = {0};
	struct url *url CLEANUP(url_free) = NULL;
	struct http_request request = {
		.method = "POST",
		.body = form,
		.content_type = "application/x-www-form-urlencoded",
	};
	char path[200];
	int r;

	(void)snprintf(path, sizeof(path), "/%s/oauth2/v2.0/token", tenant);
	url = url_at(context->authority, path, NULL);
	if (!url)
		return err_nomem(err);
	request.url = url;
	r = fetch(context->fetcher, &request, &result, err);
	if (r != 0) {
		err_prefix(err, "sign-in");
		return r;
	}
	return entra_parse(result.response.status, secret_text(result.response.body),
			   secret_size(result.response.body), ret_token, err);
}
