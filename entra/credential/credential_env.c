/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sign in as a service principal out of the environment, as Microsoft's own tools take it:
 * AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or else AZURE_CLIENT_CERTIFICATE_PATH
 * (a PEM file with the private key; AZURE_CLIENT_CERTIFICATE_PASSWORD opens it). OAuth 2.0 client
 * credentials (RFC 6749, 4.4) at the configured authority.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "base/smallfile.h"
#include "entra/credential/assertion.h"
#include "entra/credential/endpoint.h"
#include "entra/identity/tenant.h"

enum {
	PEM_MAX = 256 << 10 /* a key and a chain have some 10 KiB */
};

static const char *env_identity(const struct credential_context *context)
{
	(void)context;
	return credential_env_value("AZURE_CLIENT_ID");
}

static int check_configured(const struct credential_context *context, const char **ret_tenant,
			    const char **ret_client, struct err *err)
{
	bool secret = credential_env_value("AZURE_CLIENT_SECRET");
	bool certificate = credential_env_value("AZURE_CLIENT_CERTIFICATE_PATH");
	int result = credential_principal(context, ret_tenant, ret_client, err);

	if (result == CREDENTIAL_ABSENT || result == CREDENTIAL_PARTIAL) {
		if (secret || certificate)
			result = CREDENTIAL_PARTIAL;
		else
			err_prefix(err, "neither AZURE_CLIENT_SECRET nor "
					"AZURE_CLIENT_CERTIFICATE_PATH is set");
	} else if (result == 0 && !secret && !certificate) {
		/*
		 * AZURE_CLIENT_ID alone names a managed identity or a workload: nothing is
		 * missing.
		 */
		(void)err_set(
			err, ERR_SIGNIN, ENODATA,
			"neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set");
		result = CREDENTIAL_ABSENT;
	}
	if (result == CREDENTIAL_ABSENT || result == CREDENTIAL_PARTIAL)
		err_hint(err, "set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or "
			      "AZURE_CLIENT_CERTIFICATE_PATH");
	return result;
}

static int bad_certificate(int result, const char *path, struct err *err)
{
	static const struct {
		int code;
		const char *why;
		const char *hint;
	} causes[] = {
		{-ENOENT, "holds no private key",
		 "it must hold the certificate and its private key, both in PEM form"},
		{-EACCES, "has an encrypted private key, and no password is given",
		 "put it into AZURE_CLIENT_CERTIFICATE_PASSWORD"},
		{-EKEYREJECTED, "has a private key that the password does not open",
		 "check AZURE_CLIENT_CERTIFICATE_PASSWORD"},
		{-ENOTSUP, "has a private key that is not RSA of 2048 bits or more",
		 "Entra ID takes RSA keys only: make a new certificate"},
		{-ENODEV, "holds no certificate that belongs to its private key",
		 "it must hold the certificate and its private key, both in PEM form"},
		{-E2BIG, "holds too many certificates", "the certificate and its chain are enough"},
		{-EBADMSG, "is not in PEM form",
		 "a .pfx file is turned into one by: openssl pkcs12 -in X.pfx -out X.pem"},
	};

	if (result == -ENOMEM)
		return err_nomem(err);
	(void)err_set(err, ERR_USAGE, EINVAL, "certificate file '%s' cannot be used", path);
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].code != result)
			continue;
		(void)err_set(err, ERR_USAGE, EINVAL, "certificate file '%s' %s", path,
			      causes[i].why);
		err_hint(err, "%s", causes[i].hint);
	}
	return -EINVAL;
}

static int load_certificate(const char *path, struct certificate **ret_certificate, struct err *err)
{
	struct secret *pem CLEANUP(secret_free) = NULL;
	int result = smallfile_read(path, PEM_MAX, false, &pem);

	if (result != 0) {
		(void)err_errno(err, ERR_USAGE, -result, "cannot read the certificate file '%s'",
				path);
		err_hint(err, "check AZURE_CLIENT_CERTIFICATE_PATH");
		return result;
	}
	result = certificate_parse(pem, credential_env_value("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
				   ret_certificate);
	return result == 0 ? 0 : bad_certificate(result, path, err);
}

static bool send_chain(void)
{
	const char *value = credential_env_value("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");

	return value && (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0);
}

static int add_assertion(const struct credential_context *context, const char *tenant,
			 const char *client, struct secret **form, struct err *err)
{
	const char *path = credential_env_value("AZURE_CLIENT_CERTIFICATE_PATH");
	struct certificate *certificate CLEANUP(certificate_free) = NULL;
	struct url *endpoint CLEANUP(url_free) = endpoint_url(context, tenant, "token");
	char *audience CLEANUP(free) = endpoint ? url_format(endpoint) : NULL;
	struct secret *text CLEANUP(secret_free) = NULL;
	struct assertion assertion = {
		.audience = audience,
		.client = client,
		.now = time(NULL),
		.with_chain = send_chain(),
	};
	int result = audience ? load_certificate(path, &certificate, err) : err_nomem(err);

	if (result != 0)
		return result;
	if (getrandom(assertion.id.bytes, sizeof(assertion.id.bytes), 0) !=
	    (ssize_t)sizeof(assertion.id.bytes))
		return err_set(err, ERR_OTHER, EIO, "no random numbers");
	text = assertion_make(&assertion, certificate);
	if (!text)
		return err_set(err, ERR_OTHER, EIO, "the client assertion cannot be signed");
	return endpoint_form_assert(form, secret_text(text)) == 0 ? 0 : err_nomem(err);
}

static int env_get(const struct credential_context *context, const struct entra_audience *audience,
		   struct token *ret_token, struct err *err)
{
	const char *secret = credential_env_value("AZURE_CLIENT_SECRET");
	struct secret *form CLEANUP(secret_free) = NULL;
	const char *configured = NULL;
	const char *client = NULL;
	const char *tenant;
	int result = check_configured(context, &configured, &client, err);

	if (result == 0)
		result = tenant_choose(configured, audience->tenant, &tenant, err);
	if (result != 0)
		return result;
	if (endpoint_form_start(&form, client, audience->resource, "client_credentials") != 0 ||
	    (secret && endpoint_form_add(&form, "client_secret", secret) != 0))
		return err_nomem(err);
	if (!secret)
		result = add_assertion(context, tenant, client, &form, err);
	if (result != 0)
		return result;
	return endpoint_token(
		context, tenant, form,
		secret ? "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
		       : "check AZURE_TENANT_ID, AZURE_CLIENT_ID and "
			 "AZURE_CLIENT_CERTIFICATE_PATH",
		ret_token, err);
}

const struct credential_ops credential_env = {
	.name = "env",
	.describe = "environment",
	.identity = env_identity,
	.client_id = env_identity,
	.get = env_get,
};
