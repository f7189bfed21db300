/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sign in as a workload (a pod, a pipeline): the token in the file that AZURE_FEDERATED_TOKEN_FILE
 * names replaces a client secret (RFC 7523). The file is read each time, because its writer
 * replaces the token before it expires.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/smallfile.h"
#include "entra/credential/endpoint.h"
#include "entra/identity/tenant.h"

enum {
	FEDERATED_MAX = 64 << 10
};

static const char *workload_identity(const struct credential_context *context)
{
	(void)context;
	return credential_env_value("AZURE_CLIENT_ID");
}

static int cannot_read(int result, const char *path, struct err *err)
{
	if (result == -ENOMEM)
		return err_nomem(err);
	(void)err_errno(err, ERR_USAGE, -result, "cannot read the federated token file '%s'", path);
	err_hint(err, "check AZURE_FEDERATED_TOKEN_FILE");
	return result;
}

static int read_federated(const char *path, struct secret **ret_token, struct err *err)
{
	struct secret *content CLEANUP(secret_free) = NULL;
	struct secret *token CLEANUP(secret_free) = NULL;
	int result = smallfile_read(path, FEDERATED_MAX, false, &content);
	const char *text;
	size_t size;

	if (result != 0)
		return cannot_read(result, path, err);
	text = secret_text(content);
	size = secret_size(content);
	for (; size > 0 && isspace((unsigned char)*text); size--)
		text++;
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	token = secret_copy(text, size);
	if (!token)
		return err_nomem(err);
	if (!credential_token_ok(token)) {
		result = err_set(err, ERR_USAGE, EINVAL,
				 "the federated token file '%s' does not hold a token", path);
		err_hint(err, "check AZURE_FEDERATED_TOKEN_FILE");
		return result;
	}
	*ret_token = TAKE(token);
	return 0;
}

static int check_configured(const struct credential_context *context, const char *path,
			    const char **ret_tenant, const char **ret_client, struct err *err)
{
	int result;

	if (!path) {
		(void)err_set(err, ERR_SIGNIN, ENODATA, "AZURE_FEDERATED_TOKEN_FILE not set");
		err_hint(err, "set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
			      "AZURE_FEDERATED_TOKEN_FILE");
		return CREDENTIAL_ABSENT;
	}
	result = credential_principal(context, ret_tenant, ret_client, err);
	if (result == CREDENTIAL_ABSENT || result == CREDENTIAL_PARTIAL) {
		err_hint(err, "set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
			      "AZURE_FEDERATED_TOKEN_FILE");
		result = CREDENTIAL_PARTIAL;
	}
	return result;
}

static int workload_get(const struct credential_context *context,
			const struct entra_audience *audience, struct token *ret_token,
			struct err *err)
{
	const char *path = credential_env_value("AZURE_FEDERATED_TOKEN_FILE");
	struct secret *federated CLEANUP(secret_free) = NULL;
	struct secret *form CLEANUP(secret_free) = NULL;
	const char *configured = NULL;
	const char *client = NULL;
	const char *tenant;
	int result = check_configured(context, path, &configured, &client, err);

	if (result == 0)
		result = tenant_choose(configured, audience->tenant, &tenant, err);
	if (result == 0)
		result = read_federated(path, &federated, err);
	if (result != 0)
		return result;
	if (endpoint_form_start(&form, client, audience->resource, "client_credentials") != 0 ||
	    endpoint_form_assert(&form, secret_text(federated)) != 0)
		return err_nomem(err);
	return endpoint_token(
		context, tenant, form,
		"check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE", ret_token,
		err);
}

const struct credential_ops credential_workload = {
	.name = "workload",
	.describe = "workload identity",
	.identity = workload_identity,
	.client_id = workload_identity,
	.get = workload_get,
};
