/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sign in as whoever is signed in to the Azure CLI: az is asked for a token. It runs without a
 * shell; what it prints is kept in locked memory and never shown.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "entra/credential/credential.h"
#include "entra/credential/program.h"
#include "entra/identity/tenant.h"
#include "net/json.h"

enum {
	/* az starts slowly: two to ten seconds are usual. */
	CLI_TIMEOUT_MS = 60000
};

static const char *cli_identity(const struct credential_context *context)
{
	(void)context;
	return "az"; /* one CLI, one account */
}

static bool says(const struct secret *text, const char *words)
{
	return strcasestr(secret_text(text), words) != NULL;
}

/* " (AADSTS50076)" from az's message, or nothing: the message itself is not shown. */
static void aadsts(const struct secret *text, char *out, size_t size)
{
	const char *found = strstr(secret_text(text), "AADSTS");
	size_t digits = found ? strspn(found + 6, "0123456789") : 0;

	out[0] = '\0';
	if (digits > 0 && digits < 10)
		(void)snprintf(out, size, " (%.*s)", (int)(6 + digits), found);
}

static int cli_failed(const struct program_result *run, const char *tenant, struct err *err)
{
	char code[32];

	aadsts(run->message, code, sizeof(code));
	if (says(run->message, "az login") || says(run->message, "az account set")) {
		(void)err_set(err, ERR_SIGNIN, EACCES, "az is not signed in%s", code);
		err_hint(err, "az login --tenant %s", tenant);
		return CREDENTIAL_PARTIAL;
	}
	(void)err_set(err, ERR_SIGNIN, EACCES, "az failed with status %d%s", run->status, code);
	err_hint(err, "see what it says: az account get-access-token --tenant %s", tenant);
	return CREDENTIAL_PARTIAL;
}

static int cli_not_run(int result, struct err *err)
{
	if (result == -EINTR)
		return err_set(err, ERR_OTHER, EINTR, "interrupted");
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result == -ENOENT) {
		(void)err_set(err, ERR_SIGNIN, ENOENT, "the Azure CLI (az) is not installed");
		err_hint(err, "install it, and sign in with az login");
		return CREDENTIAL_ABSENT;
	}
	if (result == -ETIMEDOUT)
		(void)err_set(err, ERR_SIGNIN, ETIMEDOUT, "az gave no token in time");
	else if (result == -EMSGSIZE)
		(void)err_set(err, ERR_SIGNIN, EMSGSIZE, "az printed too much for a token");
	else
		(void)err_errno(err, ERR_SIGNIN, -result, "az cannot be run");
	err_hint(err, "see what it says: az account get-access-token");
	return CREDENTIAL_ABSENT;
}

/* "2025-01-31 12:34:56.000000", local time: what az printed before it had expires_on. */
static bool parse_local(const char *text, int64_t *ret_time)
{
	struct tm tm = {.tm_isdst = -1};
	time_t when;

	if (!strptime(text, "%Y-%m-%d %H:%M:%S", &tm))
		return false;
	when = mktime(&tm);
	if (when == (time_t)-1)
		return false;
	*ret_time = when;
	return true;
}

static bool expiry(const struct json_value *root, int64_t *ret_lifetime)
{
	int64_t now = time(NULL);
	int64_t until;
	const char *text;

	if (json_get_integer(root, "expires_on", 0, INT64_MAX, &until) != 0 &&
	    (json_get_string(root, "expiresOn", &text) != 0 || !parse_local(text, &until)))
		return false;
	*ret_lifetime = until - now;
	if (*ret_lifetime > TOKEN_LIFETIME_MAX)
		*ret_lifetime = TOKEN_LIFETIME_MAX;
	return true;
}

static int cli_parse(const struct secret *output, struct token *ret_token, struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct secret *value CLEANUP(secret_free) = NULL;
	int64_t lifetime;
	int result = json_parse(secret_text(output), secret_size(output), &json);

	if (result == 0 && !expiry(json_root(json), &lifetime))
		result = -EBADMSG;
	if (result == 0)
		result = json_take_secret(json, json_root(json), "accessToken", &value);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0 || !credential_token_ok(value)) {
		(void)err_set(err, ERR_SIGNIN, EBADMSG, "az's answer is not understood");
		err_hint(err, "see what it says: az account get-access-token");
		return CREDENTIAL_ABSENT;
	}
	if (lifetime <= 0) {
		(void)err_set(err, ERR_SIGNIN, EACCES, "az gave a token that has expired");
		err_hint(err, "sign in again with az login, and check this machine's clock");
		return CREDENTIAL_PARTIAL;
	}
	ret_token->value = TAKE(value);
	ret_token->lifetime = lifetime;
	return 0;
}

/* posix_spawn takes arguments that it may change, so all of them are copies of ours. */
static int run_az(const struct credential_context *context, const char *tenant,
		  const char *resource, struct program_result *ret_result)
{
	char program[] = "az";
	char account[] = "account";
	char verb[] = "get-access-token";
	char output_option[] = "--output";
	char output[] = "json";
	char resource_option[] = "--resource";
	char resource_value[URL_TEXT_MAX + 1];
	char tenant_option[] = "--tenant";
	char tenant_value[256];
	char *argv[] = {program,	 account,	 verb,		output_option, output,
			resource_option, resource_value, tenant_option, tenant_value,  NULL};

	(void)snprintf(resource_value, sizeof(resource_value), "%s", resource);
	(void)snprintf(tenant_value, sizeof(tenant_value), "%s", tenant);
	return program_run(argv, CLI_TIMEOUT_MS, context->fetcher->policy.clock.interrupted,
			   ret_result);
}

static int cli_get(const struct credential_context *context, const struct entra_audience *audience,
		   struct token *ret_token, struct err *err)
{
	struct program_result run CLEANUP(program_result_clear) = {0};
	const char *tenant;
	int result = tenant_choose(context->tenant, audience->tenant, &tenant, err);

	if (result == 0)
		result = tenant_check(tenant, err);
	if (result != 0)
		return result;
	result = run_az(context, tenant, audience->resource, &run);
	if (result != 0)
		return cli_not_run(result, err);
	if (run.status != 0)
		return cli_failed(&run, tenant, err);
	return cli_parse(run.output, ret_token, err);
}

const struct credential_ops credential_cli = {
	.name = "cli",
	.describe = "Azure CLI",
	.identity = cli_identity,
	.get = cli_get,
};
