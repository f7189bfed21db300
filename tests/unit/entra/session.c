/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * entra/entra, the door: a session without a vault. Wrong settings are refused; a ready token is
 * read once, kept, given to any thread as a copy, and not sent to another service. No network is
 * used.
 */
#include <errno.h>
#include <pthread.h>

#include "entra/entra.h"
#include "tests/tap.h"

enum {
	THREADS = 8
};

static const struct entra_audience arm = {
	.tenant = "11111111-2222-3333-4444-555555555555",
	.resource = "https://management.azure.com",
};

struct giver {
	const char *token;
	unsigned int asked;
};

static int give_token(void *context, struct secret **ret_token, struct err *err)
{
	struct giver *giver = context;
	struct secret *token = secret_copy(giver->token, strlen(giver->token));

	giver->asked++;
	if (!token)
		return err_nomem(err);
	*ret_token = token;
	return 0;
}

static struct entra *new_session(struct giver *giver)
{
	struct entra_settings settings = {
		.credential = ENTRA_CREDENTIAL_TOKEN,
		.person = {.read_token = give_token, .context = giver},
	};
	struct entra *entra = NULL;

	must(entra_new(&settings, &entra, NULL) == 0);
	return entra;
}

static void check_refused(const struct entra_settings *settings, const char *what)
{
	struct entra *entra = NULL;
	struct err err = {0};

	ok(entra_new(settings, &entra, &err) == -EINVAL && !entra && err.kind == ERR_USAGE,
	   "refused: %s", what);
	entra_free(entra);
}

static void test_settings(void)
{
	struct entra_settings settings = {.tenant = "a/b"};

	check_refused(&settings, "a tenant that cannot be one");
	settings = (struct entra_settings){.timeout_seconds = 24 * 3600 + 1};
	check_refused(&settings, "a time limit of more than a day");
	settings = (struct entra_settings){.ca_file = "/nonexistent"};
	check_refused(&settings, "a certificate file that is not there");
	must(setenv("AZURE_TOKEN_CREDENTIALS", "Nobody", 1) == 0);
	settings = (struct entra_settings){0};
	check_refused(&settings, "AZURE_TOKEN_CREDENTIALS names no way to sign in");
	must(unsetenv("AZURE_TOKEN_CREDENTIALS") == 0);
	must(setenv("AZURE_AUTHORITY_HOST", "login.example/path", 1) == 0);
	check_refused(&settings, "AZURE_AUTHORITY_HOST with a path");
	must(unsetenv("AZURE_AUTHORITY_HOST") == 0);
}

static void test_token(void)
{
	struct giver giver = {.token = "opaque-token"};
	struct entra *entra CLEANUP(entra_free) = new_session(&giver);
	struct entra_token first CLEANUP(entra_token_clear) = {0};
	struct entra_token second CLEANUP(entra_token_clear) = {0};
	struct entra_token third CLEANUP(entra_token_clear) = {0};

	is(entra_cloud_of(entra), ENTRA_CLOUD_PUBLIC, "the public cloud is the default");
	is(entra_get_token(entra, &arm, NULL, &first, NULL), 0, "a token for Resource Manager");
	is_text(secret_text(first.value), "opaque-token", "  is the given one");
	ok(first.is_given && !first.is_old && !first.client_id, "  got now, from the user");
	is(entra_get_token(entra, &arm, NULL, &second, NULL), 0, "the same again");
	ok(second.is_old && second.value != first.value, "  was kept, and is a copy");
	is(entra_get_token(entra, &arm, second.value, &third, NULL), 0, "a service refused it");
	ok(!third.is_old, "  so it is got again");
	is(giver.asked, 1, "the user was asked once");
}

/* {"aud":"https://vault.azure.net"} */
static void test_audience(void)
{
	struct giver giver = {.token = "e30.eyJhdWQiOiJodHRwczovL3ZhdWx0LmF6dXJlLm5ldCJ9.x"};
	struct entra *entra CLEANUP(entra_free) = new_session(&giver);
	const struct entra_audience vault = {.tenant = arm.tenant,
					     .resource = "https://vault.azure.net"};
	struct entra_token token CLEANUP(entra_token_clear) = {0};
	struct err err = {0};

	is(entra_get_token(entra, &arm, NULL, &token, &err), -EACCES,
	   "a vault's token is not given for another service");
	ok(err.kind == ERR_SIGNIN && err.hint[0] && !token.value, "  with a hint, and no token");
	is(entra_get_token(entra, &vault, NULL, &token, NULL), 0, "but for a vault");
}

static void *get_one(void *context)
{
	struct entra_token token CLEANUP(entra_token_clear) = {0};

	if (entra_get_token(context, &arm, NULL, &token, NULL) != 0)
		return NULL;
	return strcmp(secret_text(token.value), "opaque-token") == 0 ? context : NULL;
}

static void test_threads(void)
{
	struct giver giver = {.token = "opaque-token"};
	struct entra *entra CLEANUP(entra_free) = new_session(&giver);
	pthread_t threads[THREADS];
	unsigned int good = 0;

	for (size_t i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, get_one, entra) == 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result = NULL;

		must(pthread_join(threads[i], &result) == 0);
		good += result != NULL;
	}
	is(good, THREADS, "each of %d threads gets the token", THREADS);
	is(giver.asked, 1, "  and the user is asked once");
}

int main(void)
{
	test_settings();
	test_token();
	test_audience();
	test_threads();
	return tap_done();
}
