/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entra/credential/managed, arc and device: endpoints, requests, answers, waits and the key file's
 * path. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entra/credential/arc.h"
#include "entra/credential/device.h"
#include "entra/credential/managed.h"
#include "tests/tap.h"

static const char *const source_names[] = {
	[MANAGED_IMDS] = "IMDS",
	[MANAGED_APP_SERVICE] = "App Service",
	[MANAGED_ARC] = "Azure Arc",
};

static void set_endpoint(const char *endpoint, const char *header, const char *imds,
			 const char *pod)
{
	static const char *const names[] = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT",
					    "AZURE_POD_IDENTITY_AUTHORITY_HOST"};
	const char *const values[] = {endpoint, header, imds, pod};

	for (size_t i = 0; i < 4; i++)
		must((values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i])) == 0);
}

static void check_find(bool agent, enum managed_source source, const char *want)
{
	struct managed_endpoint endpoint CLEANUP(managed_endpoint_clear) = {0};
	struct err err = {0};
	int result = managed_find(agent, &endpoint, &err);
	char *got CLEANUP(free) = result == 0 ? url_format(endpoint.url) : NULL;

	is(result, want ? 0 : -EINVAL, "%s", want ? want : "refused");
	is_text(got, want, "  URL");
	if (want)
		is(endpoint.source, source, "  is %s", source_names[source]);
	else
		ok(err.kind == ERR_USAGE && err.hint[0], "  with a hint");
}

#define IMDS_PATH "/metadata/identity/oauth2/token"

static void test_find(void)
{
	static const char *const bad[] = {
		"http://evil.example/",	    "https://127.0.0.1/", "http://169.254.169.254.evil/",
		"http://[::ffff:1.2.3.4]/", "http://10.0.0.1/",	  "file:///etc/passwd",
		"http://a@127.0.0.1/",
	};

	set_endpoint(NULL, NULL, NULL, NULL);
	check_find(false, MANAGED_IMDS, "http://169.254.169.254" IMDS_PATH);
	check_find(true, MANAGED_ARC, "http://127.0.0.1:40342" IMDS_PATH);
	set_endpoint(NULL, NULL, NULL, "http://127.0.0.1:81/");
	check_find(false, MANAGED_IMDS, "http://127.0.0.1:81" IMDS_PATH);
	set_endpoint("http://127.0.0.1:5/msi/token", "x", NULL, NULL);
	check_find(false, MANAGED_APP_SERVICE, "http://127.0.0.1:5/msi/token");
	set_endpoint("http://169.254.129.4:8081/msi/token?x=y", "x", "http://y/", NULL);
	check_find(true, MANAGED_APP_SERVICE, "http://169.254.129.4:8081/msi/token");
	set_endpoint("http://localhost:40342" IMDS_PATH, NULL, "http://localhost:40342", NULL);
	check_find(false, MANAGED_ARC, "http://localhost:40342" IMDS_PATH);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_endpoint(NULL, NULL, NULL, bad[i]);
		check_find(false, MANAGED_IMDS, NULL);
		set_endpoint(bad[i], "x", NULL, NULL);
		check_find(false, MANAGED_APP_SERVICE, NULL);
		set_endpoint(bad[i], NULL, "x", NULL);
		check_find(false, MANAGED_ARC, NULL);
	}
}

static void check_query(enum managed_source source, const char *identity, const char *want)
{
	struct entra_identity who = {0};
	char *got CLEANUP(free) = NULL;

	must(!*identity || entra_identity_parse(identity, &who));
	got = managed_query(source, "https://vault.azure.net", &who);
	is_text(got, want, "%s for '%s'", source_names[source], identity);
}

#define RESOURCE "&resource=https%3A%2F%2Fvault.azure.net"

static void test_identities(void)
{
	static const char *const bad[] = {"",	     "client:",	     "client:a b",  "client:a&b",
					  "object:", "resource:x",   "resource:",   "other:a",
					  "aaaa",    "client:../..", "resource:/\n"};
	struct entra_identity identity;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!entra_identity_parse(bad[i], &identity), "no identity: '%s'", bad[i]);
	check_query(MANAGED_IMDS, "", "api-version=2018-02-01" RESOURCE);
	check_query(MANAGED_IMDS, "client:a-1", "api-version=2018-02-01" RESOURCE "&client_id=a-1");
	check_query(MANAGED_IMDS, "object:a-1", "api-version=2018-02-01" RESOURCE "&object_id=a-1");
	check_query(MANAGED_IMDS, "resource:/s/a&c=d",
		    "api-version=2018-02-01" RESOURCE "&msi_res_id=%2Fs%2Fa%26c%3Dd");
	check_query(MANAGED_APP_SERVICE, "resource:/s/a",
		    "api-version=2019-08-01" RESOURCE "&mi_res_id=%2Fs%2Fa");
	check_query(MANAGED_ARC, "", "api-version=2020-06-01" RESOURCE);
}

static void check_answer(int status, const char *body, int want, enum err_kind kind,
			 int64_t lifetime)
{
	struct token token = {0};
	struct err err = {0};

	is(managed_parse(MANAGED_IMDS, status, body, strlen(body), 1000, &token, &err), want,
	   "HTTP %d %.80s", status, body);
	is(err.kind, kind, "  kind");
	is(token.lifetime, lifetime, "  lifetime");
	ok((want == 0) == (token.value != NULL), "  value");
	secret_free(token.value);
}

#define TOKEN "\"access_token\":\"a.b\",\"token_type\":\"Bearer\""

static void test_answers(void)
{
	check_answer(200, "{" TOKEN ",\"expires_in\":\"86399\",\"expires_on\":\"9\"}", 0, ERR_NONE,
		     86399);
	check_answer(200, "{" TOKEN ",\"expires_in\":60}", 0, ERR_NONE, 60);
	check_answer(200, "{" TOKEN ",\"expires_on\":\"1500\"}", 0, ERR_NONE, 500);
	check_answer(200, "{" TOKEN ",\"expires_on\":1500}", 0, ERR_NONE, 500);
	check_answer(200, "{" TOKEN ",\"expires_on\":\"99999999999\"}", 0, ERR_NONE,
		     TOKEN_LIFETIME_MAX);
	check_answer(200, "{" TOKEN ",\"expires_on\":\"1000\"}", -EPROTO, ERR_NETWORK, 0);
	check_answer(200, "{" TOKEN ",\"expires_on\":\"12/31/2030\"}", -EPROTO, ERR_NETWORK, 0);
	check_answer(200, "{" TOKEN ",\"expires_on\":\"9999999999999\"}", -EPROTO, ERR_NETWORK, 0);
	check_answer(200, "{" TOKEN "}", -EPROTO, ERR_NETWORK, 0);
	check_answer(200,
		     "{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"Bearer\","
		     "\"expires_in\":60}",
		     -EPROTO, ERR_NETWORK, 0);
	check_answer(200, "", -EPROTO, ERR_NETWORK, 0);
	check_answer(200, "<html>", -EPROTO, ERR_NETWORK, 0);
	check_answer(400, "{\"error\":\"invalid_request\"}", CREDENTIAL_ABSENT, ERR_SIGNIN, 0);
	check_answer(403, "", CREDENTIAL_ABSENT, ERR_SIGNIN, 0);
	check_answer(401, "", -EACCES, ERR_SIGNIN, 0);
	check_answer(302, "", -EACCES, ERR_SIGNIN, 0);
	check_answer(404, "", -EREMOTEIO, ERR_NETWORK, 0);
	check_answer(503, "", -EREMOTEIO, ERR_NETWORK, 0);
}

static void test_waits(void)
{
	static const int again[] = {404, 408, 429, 500, 503, 599};
	static const int final[] = {200, 302, 400, 401, 403, 405, 409};
	static const int64_t steps[] = {0, 2000, 6000, 14000, 30000, -1};
	int64_t elapsed = 0;
	unsigned int attempt = 0;

	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		for (unsigned int n = 1; n <= 6; n++)
			is(managed_wait(again[i], n, 0, 1000), steps[n - 1],
			   "HTTP %d, after try %u", again[i], n);
	}
	for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
		is(managed_wait(final[i], 1, 0, 1000), -1, "HTTP %d is final", final[i]);
	for (;;) {
		int64_t wait = managed_wait(410, ++attempt, elapsed, 1000);

		if (wait < 0)
			break;
		must(attempt < 20);
		elapsed += wait;
	}
	is(elapsed, 70000, "410 is asked again for 70 s");
	is(managed_wait(503, 2, 0, 1), 2, "a test's steps are shorter");
}

#define FOLDER "/var/opt/azcmagent/tokens/"

static void check_realm(const char *header, const char *want)
{
	char path[ARC_PATH_MAX] = "";
	struct err err = {0};
	int result = arc_parse_realm(header, FOLDER, path, &err);

	ok((result == 0) == (want != NULL), "realm: %.90s", header ? header : "(none)");
	is_text(path, want ? want : "", "  path");
	ok(want || err.kind != ERR_NONE, "  error");
}

static void test_realms(void)
{
	static const char *const bad[] = {
		NULL,
		"",
		"Basic",
		"Bearer realm=" FOLDER "a.key",
		"Basic realm=",
		"Basic realm=/etc/shadow",
		"Basic realm=/etc/a.key",
		"Basic realm=" FOLDER "../a.key",
		"Basic realm=" FOLDER "x/a.key",
		"Basic realm=" FOLDER "..key",
		"Basic realm=" FOLDER ".key",
		"Basic realm=" FOLDER "a.key/",
		"Basic realm=" FOLDER "a.key.txt",
		"Basic realm=" FOLDER "a.txt",
		"Basic realm=" FOLDER "a.KEY",
		"Basic realm=" FOLDER "a.key, x",
		"Basic realm=" FOLDER "a b.key",
		"Basic realm=/var/opt/azcmagent/tokens",
		"Basic realm=/var/opt/azcmagent/tokensx/a.key",
		"Basic realm=/var/opt/azcmagent/./tokens/a.key",
		"Basic realm=/var//opt/azcmagent/tokens/a.key",
		"Basic realm=a.key",
		"Basic realm=\"" FOLDER "a.key",
	};
	char longer[512];

	check_realm("Basic realm=" FOLDER "0a1B-2_3.key", FOLDER "0a1B-2_3.key");
	check_realm("basic realm=\"" FOLDER "a.key\"", FOLDER "a.key");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_realm(bad[i], NULL);
	(void)snprintf(longer, sizeof(longer), "Basic realm=%s%0*d.key", FOLDER, 300, 0);
	check_realm(longer, NULL);
}

static void write_file(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "we");

	must(file && fwrite(text, 1, size, file) == size && fclose(file) == 0);
}

static void check_key(const char *path, int want, const char *name)
{
	struct secret *key CLEANUP(secret_free) = NULL;
	struct err err = {0};

	is(arc_read_key(path, &key, &err), want, "%s", name);
	ok(want == 0 || (err.kind == ERR_SIGNIN && !key), "  is an error of signing in");
}

static void test_key_files(void)
{
	char folder[] = "/tmp/adefuse-arc.XXXXXX";
	char big[ARC_KEY_MAX + 1];
	char path[64];
	char link[64];

	must(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/a.key", folder);
	(void)snprintf(link, sizeof(link), "%s/b.key", folder);
	memset(big, 'k', sizeof(big));
	check_key(path, -EIO, "a key that is not there");
	write_file(path, big, ARC_KEY_MAX);
	check_key(path, 0, "a key of 4096 bytes");
	must(symlink(path, link) == 0);
	check_key(link, -EPERM, "a link to it");
	write_file(path, big, sizeof(big));
	check_key(path, -EPERM, "one of 4097 bytes");
	write_file(path, "", 0);
	check_key(path, -EPERM, "an empty one");
	write_file(path, "a\r\nX: y", 7);
	check_key(path, -EPERM, "one with a line end");
	check_key(folder, -EPERM, "a folder");
	check_key("/dev/zero", -EPERM, "a device");
	must(unlink(link) == 0 && mkfifo(link, 0600) == 0);
	check_key(link, -EPERM, "a FIFO that nobody writes to");
	must(unlink(link) == 0 && unlink(path) == 0 && rmdir(folder) == 0);
}

static void check_code(const char *body, int want, int64_t interval)
{
	struct device_code code CLEANUP(device_code_clear) = {0};
	struct err err = {0};

	is(device_parse(200, body, strlen(body), &code, &err), want, "code: %.90s", body);
	is(code.interval, interval, "  interval");
	ok((want == 0) == (code.code != NULL), "  complete or empty");
}

#define CODE "\"device_code\":\"d\",\"user_code\":\"AB12-CD\",\"expires_in\":900"
#define PAGE "\"verification_uri\":\"https://microsoft.com/devicelogin\""

static void test_device(void)
{
	static const struct {
		const char *word;
		enum device_poll want;
	} polls[] = {
		{"authorization_pending", DEVICE_AGAIN}, {"slow_down", DEVICE_SLOWER},
		{"authorization_declined", DEVICE_DONE}, {"expired_token", DEVICE_DONE},
		{"bad_verification_code", DEVICE_DONE},	 {"", DEVICE_DONE},
	};
	char body[128];

	check_code("{" CODE "," PAGE ",\"interval\":7}", 0, 7);
	check_code("{" CODE "," PAGE "}", 0, DEVICE_INTERVAL);
	check_code("{" CODE "," PAGE ",\"interval\":0}", 0, 1);
	check_code("{" CODE "," PAGE ",\"interval\":99999}", 0, DEVICE_INTERVAL_MAX);
	check_code("{" CODE "," PAGE ",\"interval\":\"5\"}", -EPROTO, 0);
	check_code("{" CODE ",\"verification_uri\":\"http://microsoft.com/devicelogin\"}", -EPROTO,
		   0);
	check_code("{" CODE ",\"verification_uri\":\"javascript:alert(1)\"}", -EPROTO, 0);
	check_code("{" PAGE ",\"device_code\":\"d\",\"user_code\":\"\\u001b[2J\",\"expires_in\":9}",
		   -EPROTO, 0);
	check_code("{" PAGE ",\"device_code\":\"\",\"user_code\":\"A\",\"expires_in\":9}", -EPROTO,
		   0);
	check_code("{" PAGE ",\"device_code\":\"d\",\"user_code\":\"A\",\"expires_in\":0}", -EPROTO,
		   0);
	check_code("[]", -EPROTO, 0);
	for (size_t i = 0; i < sizeof(polls) / sizeof(polls[0]); i++) {
		struct err err = {0};

		(void)snprintf(body, sizeof(body), "{\"error\":\"%s\"}", polls[i].word);
		is(device_poll_parse(400, body, strlen(body)), polls[i].want, "poll: %s", body);
		if (polls[i].want == DEVICE_DONE)
			ok(device_refused(400, body, strlen(body), &err) == -EACCES &&
				   err.kind == ERR_SIGNIN && err.hint[0],
			   "  ends it with a hint: %s", err.message);
	}
	is(device_poll_parse(200, "{}", 2), DEVICE_DONE, "a token ends it");
	is(device_poll_parse(503, "{\"error\":\"slow_down\"}", 21), DEVICE_DONE, "trouble too");
}

int main(void)
{
	test_find();
	test_identities();
	test_answers();
	test_waits();
	test_realms();
	test_key_files();
	test_device();
	return tap_done();
}
