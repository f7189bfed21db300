/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Token requests to Microsoft Entra ID and what its refusals mean; see endpoint.h. */
#include "entra/credential/endpoint.h"

#include <errno.h>
#include <inttypes.h>
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
	int result = 0;

	for (; *value && result == 0; value++) {
		unsigned char c = (unsigned char)*value;
		char code[3] = {'%', hex[c >> 4], hex[c & 15]};

		result = is_unreserved(c) ? secret_append(form, &c, 1)
					  : secret_append(form, code, 3);
		secret_wipe(code, sizeof(code));
	}
	return result;
}

int endpoint_form_add(struct secret **form, const char *name, const char *value)
{
	int result = 0;

	if (*form)
		result = secret_append(form, "&", 1);
	if (result == 0)
		result = secret_append(form, name, strlen(name));
	if (result == 0)
		result = secret_append(form, "=", 1);
	return result == 0 ? add_encoded(form, value) : result;
}

int endpoint_form_start(struct secret **form, const char *client, const char *resource,
			const char *grant_type)
{
	char scope[1200];
	int result = snprintf(scope, sizeof(scope), "%s/.default", resource);

	if (result < 0 || (size_t)result >= sizeof(scope))
		return -EOVERFLOW;
	result = endpoint_form_add(form, "client_id", client);
	if (result == 0)
		result = endpoint_form_add(form, "scope", scope);
	return result == 0 ? endpoint_form_add(form, "grant_type", grant_type) : result;
}

int endpoint_form_assert(struct secret **form, const char *assertion)
{
	int result = endpoint_form_add(form, "client_assertion_type",
				       "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

	return result == 0 ? endpoint_form_add(form, "client_assertion", assertion) : result;
}

/* What can be done about the AADSTS codes that people meet. */
static const struct {
	int64_t code;
	const char *hint;
} advice[] = {
	{7000215, "the client secret is wrong: give its value, not its id, in AZURE_CLIENT_SECRET"},
	{7000222, "the client secret has expired: make a new one with az ad app credential reset"},
	{700016, "this tenant does not know the application: check AZURE_CLIENT_ID and "
		 "AZURE_TENANT_ID"},
	{90002, "there is no such tenant: check AZURE_TENANT_ID or --tenant, and --cloud"},
	{900023, "there is no such tenant: check AZURE_TENANT_ID or --tenant"},
	{500011, "the tenant does not know the service that the token is for: check --cloud"},
	{53003, "a conditional access policy forbids it: ask the tenant's administrator"},
	{530003, "a conditional access policy wants a managed device: ask the tenant's "
		 "administrator"},
	{7000112, "the application is disabled: ask the tenant's administrator"},
	{700027, "the certificate is not registered for the application: add it with "
		 "az ad app credential reset --append --cert, and check AZURE_CLIENT_ID"},
	{700030, "the certificate's subject or issuer is not the application's: set "
		 "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN=true and keep the chain in the PEM file"},
	{1000502, "the certificate has expired: register a new one with az ad app credential "
		  "reset --append --cert"},
	{700024, "the assertion is not valid now: check this machine's clock; a federated token "
		 "file must be kept fresh by whoever writes it"},
	{700211, "no federated credential of the application has this issuer: az ad app "
		 "federated-credential list"},
	{700212, "no federated credential of the application has this audience: az ad app "
		 "federated-credential list"},
	{700213, "no federated credential of the application has this subject: az ad app "
		 "federated-credential list"},
	{70021, "no federated credential of the application fits: az ad app "
		"federated-credential list"},
	{50059, "the authority does not know the tenant: check --tenant and --cloud"},
	{70043, "the session has expired: sign in with az login"},
	{700082, "the session has expired: sign in with az login"},
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

/* "error" is a word of lower case letters (RFC 6749, 5.2); anything else is not shown. */
static const char *error_word(const struct json_value *root)
{
	const char *word;

	if (json_get_string(root, "error", &word) != 0 || strlen(word) > 64 ||
	    strspn(word, "abcdefghijklmnopqrstuvwxyz_") != strlen(word))
		return "";
	return word;
}

void endpoint_error_word(const char *body, size_t size, char *word, size_t word_size)
{
	struct json *json CLEANUP(json_free) = NULL;

	word[0] = '\0';
	if (json_parse(body, size, &json) == 0)
		(void)snprintf(word, word_size, "%s", error_word(json_root(json)));
}

static int refused(int status, const struct json_value *root, const char *check, struct err *err)
{
	const char *word = root ? error_word(root) : "";
	int64_t code = root ? first_code(root) : 0;
	char number[32] = "";
	int result;

	if (status >= 500 || status == 429 || status == 408) {
		result = err_set(err, ERR_NETWORK, EREMOTEIO,
				 "the sign-in service has trouble on its side (HTTP %d)", status);
		err_hint(err, "try again later; https://status.azure.com shows outages");
		return result;
	}
	if (code)
		(void)snprintf(number, sizeof(number), " AADSTS%" PRId64, code);
	result = err_set(err, ERR_SIGNIN, EACCES, "sign-in refused (HTTP %d%s%s%s)", status,
			 *word ? " " : "", word, number);
	err_hint(err, "%s", check);
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		if (advice[i].code == code)
			err_hint(err, "%s", advice[i].hint);
	}
	return result;
}

static int not_understood(struct err *err)
{
	int result =
		err_set(err, ERR_NETWORK, EPROTO, "the sign-in service's answer is not understood");

	err_hint(err, "check AZURE_AUTHORITY_HOST, and that no proxy changes its answers");
	return result;
}

int endpoint_parse(int status, const char *body, size_t size, const char *check,
		   struct token *ret_token, struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	const struct json_value *root = NULL;
	const char *type;
	int64_t lifetime;
	int result = json_parse(body, size, &json);

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result == 0)
		root = json_root(json);
	if (status != 200)
		return refused(status, root, check, err);
	if (!root || json_get_string(root, "token_type", &type) != 0 ||
	    strcasecmp(type, "Bearer") != 0 ||
	    json_get_integer(root, "expires_in", 0, TOKEN_LIFETIME_MAX, &lifetime) != 0)
		return not_understood(err);
	result = json_take_secret(json, root, "access_token", &value);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0 || !credential_token_ok(value))
		return not_understood(err);
	ret_token->value = TAKE(value);
	ret_token->lifetime = lifetime;
	return 0;
}

struct url *endpoint_url(const struct credential_context *context, const char *tenant,
			 const char *endpoint)
{
	char path[200];
	int length = snprintf(path, sizeof(path), "/%s/oauth2/v2.0/%s", tenant, endpoint);

	if (length < 0 || (size_t)length >= sizeof(path))
		return NULL;
	return url_at(context->authority, path, NULL);
}

int endpoint_post(const struct credential_context *context, const char *tenant,
		  const char *endpoint, const struct secret *form, struct fetch_result *ret_result,
		  struct err *err)
{
	struct url *url CLEANUP(url_free) = endpoint_url(context, tenant, endpoint);
	struct http_request request = {
		.method = "POST",
		.url = url,
		.body = form,
		.content_type = "application/x-www-form-urlencoded",
	};
	int result = url ? fetch(context->fetcher, &request, ret_result, err) : err_nomem(err);

	if (result != 0)
		err_prefix(err, "sign-in");
	return result;
}

int endpoint_token(const struct credential_context *context, const char *tenant,
		   const struct secret *form, const char *check, struct token *ret_token,
		   struct err *err)
{
	struct fetch_result answer CLEANUP(fetch_result_clear) = {0};
	int result = endpoint_post(context, tenant, "token", form, &answer, err);

	if (result != 0)
		return result;
	return endpoint_parse(answer.response.status, secret_text(answer.response.body),
			      secret_size(answer.response.body), check, ret_token, err);
}
