/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of the device code flow; see device.h. */
#include "entra/credential/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "entra/credential/endpoint.h"
#include "net/json.h"

enum {
	WORD_SIZE = 80
};

void device_code_clear(struct device_code *code)
{
	secret_free(code->code);
	*code = (struct device_code){0};
}

static bool code_ok(const char *code)
{
	size_t length = strlen(code);

	return length > 0 && length < DEVICE_CODE_MAX &&
	       strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") ==
		       length;
}

/* It is shown to a person who will open it: an https URL, and no other. */
static bool uri_ok(const char *uri)
{
	struct url *url CLEANUP(url_free) = NULL;

	return strlen(uri) < DEVICE_URI_MAX && url_parse(uri, &url, NULL) == 0;
}

static int parse_code(struct json *json, struct device_code *code)
{
	const struct json_value *root = json_root(json);
	const char *user_code;
	const char *uri;
	int result;

	if (json_get_string(root, "user_code", &user_code) != 0 || !code_ok(user_code) ||
	    json_get_string(root, "verification_uri", &uri) != 0 || !uri_ok(uri) ||
	    json_get_integer(root, "expires_in", 1, INT32_MAX, &code->lifetime) != 0)
		return -EBADMSG;
	result = json_get_integer(root, "interval", 0, INT32_MAX, &code->interval);
	if (result == -ENOENT)
		code->interval = DEVICE_INTERVAL;
	else if (result != 0)
		return -EBADMSG;
	if (code->interval < 1)
		code->interval = 1;
	if (code->interval > DEVICE_INTERVAL_MAX)
		code->interval = DEVICE_INTERVAL_MAX;
	if (code->lifetime > DEVICE_LIFETIME_MAX)
		code->lifetime = DEVICE_LIFETIME_MAX;
	(void)snprintf(code->user_code, sizeof(code->user_code), "%s", user_code);
	(void)snprintf(code->uri, sizeof(code->uri), "%s", uri);
	return json_take_secret(json, root, "device_code", &code->code);
}

int device_parse(int status, const char *body, size_t size, struct device_code *ret_code,
		 struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct device_code code = {0};
	struct token none = {0};
	int result;

	if (status != 200)
		return endpoint_parse(status, body, size,
				      "check --tenant, --cloud and AZURE_AUTHORITY_HOST", &none,
				      err);
	result = json_parse(body, size, &json);
	if (result == 0)
		result = parse_code(json, &code);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0 || secret_size(code.code) == 0) {
		device_code_clear(&code);
		result = err_set(err, ERR_NETWORK, EPROTO,
				 "the sign-in service's answer is not understood");
		err_hint(err, "check AZURE_AUTHORITY_HOST, and that no proxy changes its answers");
		return result;
	}
	*ret_code = code;
	return 0;
}

enum device_poll device_poll_parse(int status, const char *body, size_t size)
{
	char word[WORD_SIZE];

	if (status != 400)
		return DEVICE_DONE;
	endpoint_error_word(body, size, word, sizeof(word));
	if (strcmp(word, "authorization_pending") == 0)
		return DEVICE_AGAIN;
	return strcmp(word, "slow_down") == 0 ? DEVICE_SLOWER : DEVICE_DONE;
}

int device_refused(int status, const char *body, size_t size, struct err *err)
{
	static const struct {
		const char *word;
		const char *why;
		const char *hint;
	} words[] = {
		{"authorization_declined", "the sign-in was declined in the browser",
		 "run the command again and approve it there"},
		{"expired_token", "nobody entered the code in time", "run the command again"},
		{"bad_verification_code", "the sign-in service does not know the code any more",
		 "run the command again"},
	};
	struct token none = {0};
	char word[WORD_SIZE];
	int result;

	endpoint_error_word(body, size, word, sizeof(word));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		result = err_set(err, ERR_SIGNIN, EACCES, "%s", words[i].why);
		err_hint(err, "%s", words[i].hint);
		return result;
	}
	return endpoint_parse(status, body, size, "sign in another way: az login", &none, err);
}
