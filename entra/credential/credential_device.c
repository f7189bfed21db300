/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sign in as a person, with a browser on any machine (RFC 8628). When the ways to sign in are
 * tried in turn it comes last, and only when somebody is at the terminal: a nightly job must not
 * wait for a code to be typed. The refresh token that comes with the first token gets further ones
 * (another resource, a renewal) without asking the person again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "entra/credential/device.h"
#include "entra/credential/endpoint.h"
#include "entra/identity/tenant.h"
#include "net/json.h"

/* The Azure CLI's public client, which every tenant knows. */
#define PUBLIC_CLIENT "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

static int make_scope(const char *resource, char *scope, size_t size)
{
	int result = snprintf(scope, size, "%s/.default openid profile offline_access", resource);

	return result < 0 || (size_t)result >= size ? -EOVERFLOW : 0;
}

/* Keep the refresh token of an answer; one that brings none changes nothing. */
static void keep_refresh(const struct credential_context *context, const char *tenant,
			 const struct secret *body)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct secret *refresh CLEANUP(secret_free) = NULL;
	char *copy;

	if (json_parse(secret_text(body), secret_size(body), &json) != 0 ||
	    json_take_secret(json, json_root(json), "refresh_token", &refresh) != 0)
		return;
	copy = strdup(tenant);
	if (!copy)
		return;
	secret_free(context->state->refresh);
	context->state->refresh = TAKE(refresh);
	free(context->state->refresh_tenant);
	context->state->refresh_tenant = copy;
}

static int take_token(const struct credential_context *context, const char *tenant,
		      const struct http_response *response, struct token *ret_token,
		      struct err *err)
{
	const char *text = secret_text(response->body);
	size_t size = secret_size(response->body);
	int result;

	if (response->status != 200)
		return device_refused(response->status, text, size, err);
	result = endpoint_parse(response->status, text, size, "", ret_token, err);
	if (result == 0)
		keep_refresh(context, tenant, response->body);
	return result;
}

/*
 * Another token without asking the person. *ret_renewed is false when there is nothing to renew
 * with, or the service does not accept it any more.
 */
static int renew(const struct credential_context *context, const char *tenant, const char *scope,
		 struct token *ret_token, bool *ret_renewed, struct err *err)
{
	struct fetch_result answer CLEANUP(fetch_result_clear) = {0};
	struct secret *form CLEANUP(secret_free) = NULL;
	const struct credential_state *state = context->state;
	int result;

	*ret_renewed = false;
	if (!state->refresh || strcasecmp(state->refresh_tenant, tenant) != 0)
		return 0;
	if (endpoint_form_add(&form, "client_id", PUBLIC_CLIENT) != 0 ||
	    endpoint_form_add(&form, "scope", scope) != 0 ||
	    endpoint_form_add(&form, "grant_type", "refresh_token") != 0 ||
	    endpoint_form_add(&form, "refresh_token", secret_text(state->refresh)) != 0)
		return err_nomem(err);
	result = endpoint_post(context, tenant, "token", form, &answer, err);
	if (result == 0)
		result = take_token(context, tenant, &answer.response, ret_token, err);
	if (result == -EACCES)
		return 0;
	*ret_renewed = result == 0;
	return result;
}

static int ask_code(const struct credential_context *context, const char *tenant, const char *scope,
		    struct device_code *ret_code, struct err *err)
{
	struct fetch_result answer CLEANUP(fetch_result_clear) = {0};
	struct secret *form CLEANUP(secret_free) = NULL;
	int result;

	if (endpoint_form_add(&form, "client_id", PUBLIC_CLIENT) != 0 ||
	    endpoint_form_add(&form, "scope", scope) != 0)
		return err_nomem(err);
	result = endpoint_post(context, tenant, "devicecode", form, &answer, err);
	if (result != 0)
		return result;
	return device_parse(answer.response.status, secret_text(answer.response.body),
			    secret_size(answer.response.body), ret_code, err);
}

static int make_poll(const struct device_code *code, struct secret **ret_form)
{
	struct secret *form CLEANUP(secret_free) = NULL;

	if (endpoint_form_add(&form, "grant_type",
			      "urn:ietf:params:oauth:grant-type:device_code") != 0 ||
	    endpoint_form_add(&form, "client_id", PUBLIC_CLIENT) != 0 ||
	    endpoint_form_add(&form, "device_code", secret_text(code->code)) != 0)
		return -ENOMEM;
	*ret_form = TAKE(form);
	return 0;
}

static int poll_token(const struct credential_context *context, const char *tenant,
		      struct device_code *code, struct token *ret_token, struct err *err)
{
	const struct retry_clock *clock = &context->fetcher->policy.clock;
	int64_t end = clock->now_ms(clock) + code->lifetime * 1000;
	struct secret *form CLEANUP(secret_free) = NULL;
	int result;

	if (make_poll(code, &form) != 0)
		return err_nomem(err);
	while (clock->now_ms(clock) + code->interval * 1000 < end) {
		struct fetch_result answer CLEANUP(fetch_result_clear) = {0};
		const struct http_response *response = &answer.response;
		enum device_poll what;

		if (clock->sleep_ms(clock, code->interval * 1000) == -EINTR)
			return err_set(err, ERR_OTHER, EINTR, "interrupted");
		result = endpoint_post(context, tenant, "token", form, &answer, err);
		if (result != 0)
			return result;
		what = device_poll_parse(response->status, secret_text(response->body),
					 secret_size(response->body));
		if (what == DEVICE_DONE)
			return take_token(context, tenant, response, ret_token, err);
		if (what == DEVICE_SLOWER)
			code->interval += DEVICE_INTERVAL;
	}
	result = err_set(err, ERR_SIGNIN, EACCES, "nobody entered the code in time");
	err_hint(err, "run the command again");
	return result;
}

/* Unless it was asked for by name, it is offered only to somebody who is there. */
static int check_wanted(const struct credential_context *context, struct err *err)
{
	if (context->asked_for)
		return 0;
	if (context->person.present) {
		credential_tell(context, "no other way to sign in works; a device code does:");
		return 0;
	}
	(void)err_set(err, ERR_SIGNIN, ENODATA, "not tried: no terminal to show a code on");
	return CREDENTIAL_ABSENT;
}

static int device_get(const struct credential_context *context,
		      const struct entra_audience *audience, struct token *ret_token,
		      struct err *err)
{
	struct device_code code CLEANUP(device_code_clear) = {0};
	char scope[1200];
	const char *tenant;
	bool renewed;
	int result = tenant_choose(credential_configured_tenant(context), audience->tenant, &tenant,
				   err);

	if (result == 0 && make_scope(audience->resource, scope, sizeof(scope)) != 0)
		result = err_set(err, ERR_SIGNIN, EINVAL, "the resource is too long");
	if (result != 0)
		return result;
	result = renew(context, tenant, scope, ret_token, &renewed, err);
	if (result != 0 || renewed)
		return result;
	result = check_wanted(context, err);
	if (result == 0)
		result = ask_code(context, tenant, scope, &code, err);
	if (result != 0)
		return result;
	credential_tell(context, "to sign in, open %s in a browser and enter the code %s", code.uri,
			code.user_code);
	credential_tell(context,
			"waiting for you to sign in (up to %" PRId64
			" minutes; Ctrl-C to give up) ...",
			(code.lifetime + 59) / 60);
	return poll_token(context, tenant, &code, ret_token, err);
}

const struct credential_ops credential_device = {
	.name = "device",
	.describe = "device code",
	.get = device_get,
};
