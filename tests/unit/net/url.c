/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net/url: what is accepted as an https URL, what is refused, and when two are of one origin. */
#include <errno.h>

#include "net/url.h"
#include "tests/tap.h"

static void check_good(const char *text, const char *host, unsigned int port, const char *path,
		       const char *query)
{
	struct url *url CLEANUP(url_free) = NULL;
	struct err err = {0};

	if (!ok(url_parse(text, &url, &err) == 0, "taken: %s", text)) {
		printf("# %s\n", err.message);
		return;
	}
	is_text(url->host, host, "  host");
	is(url->port, port, "  port");
	is_text(url->path, path, "  path");
	is_text(url->query, query, "  query");
}

static void check_bad(const char *text)
{
	struct url *url CLEANUP(url_free) = NULL;
	struct err err = {0};

	ok(url_parse(text, &url, &err) == -22 && !url && err.kind == ERR_USAGE && err.message[0],
	   "refused: %s", text);
}

static void test_parse(void)
{
	check_good("https://contoso.vault.azure.net", "contoso.vault.azure.net", 443, "/", NULL);
	check_good("HTTPS://Contoso.Vault.Azure.NET:443/Secrets/A", "contoso.vault.azure.net", 443,
		   "/Secrets/A", NULL);
	check_good("https://v.vault.azure.net:443/secrets?api-version=7.4&$skiptoken=eyJ%2B",
		   "v.vault.azure.net", 443, "/secrets", "api-version=7.4&$skiptoken=eyJ%2B");
	check_good("https://127.0.0.1:8443/a//b", "127.0.0.1", 8443, "/a//b", NULL);
	check_good("https://[::1]:8443/", "::1", 8443, "/", NULL);
	check_good("https://x.example/a/../b/./c", "x.example", 443, "/b/c", NULL);
	check_good("https://0x7f.1/", "127.0.0.1", 443, "/", NULL);
	check_good("https://x.example?q=1", "x.example", 443, "/", "q=1");
}

static void test_scheme_and_user(void)
{
	static const char *const bad[] = {
		"",
		"x.vault.azure.net",
		"http://x.vault.azure.net/",
		"ftp://x/",
		"https:/x/",
		"https:x",
		"https://",
		"https:///secrets",
		"https://user@x.vault.azure.net/",
		"https://user:pass@x.vault.azure.net/",
		"https://x.vault.azure.net@evil.example/",
		"https://x.vault.azure.net\\@evil.example/",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i]);
}

static void test_characters(void)
{
	static const char *const bad[] = {
		"https://evil.example\\.vault.azure.net/",
		"https://x.vault.azure.net/a\\b",
		"https://evil.example%2f.vault.azure.net/",
		"https://evil.example%00.vault.azure.net/",
		"https://x.vault.azure.net/#frag",
		"https://x.vault.azure.net/a b",
		"https://x.vault.azure.net/a\tb",
		"https://x.vault.azure.net/a\nHost: evil",
		"https://x.vault.azure.net/%0d%0aHost:evil",
		"https://x.vault.azure.net/%7f",
		"https://x.vault.azure.net/%zz",
		"https://x.vault.azure.net/%4",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i]);
}

static void test_host_and_port(void)
{
	static const char *const bad[] = {
		"https://x..azure.net/",
		"https://.azure.net/",
		"https://x.vault.azure.net./",
		"https://0x7f./", /* an address, once the dot is gone */
		"https://x.vault.azure.net:0/",
		"https://x.vault.azure.net:65536/",
		"https://x.vault.azure.net:12a/",
		"https://x.vault.azure.net:-1/",
		"https://[fe80::1%25eth0]/",
		"https://[fe80::1%eth0]/",
		"https://[::1/",
		"https://[zz]/",
		"https://x,y/",
		"https://x'y/",
		"https://\xc3\xa4.example/",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i]);
}

static void test_length(void)
{
	char *huge = malloc(URL_TEXT_MAX + 2);
	struct url *url = NULL;

	must(huge);
	memset(huge, 'a', URL_TEXT_MAX + 1);
	memcpy(huge, "https://x/", 10);
	huge[URL_TEXT_MAX + 1] = '\0';
	ok(url_parse(huge, &url, NULL) != 0, "refused: one byte more than URL_TEXT_MAX");
	huge[URL_TEXT_MAX] = '\0';
	ok(url_parse(huge, &url, NULL) == 0, "taken: URL_TEXT_MAX bytes");
	url_free(url);
	free(huge);
}

static bool same(const char *a, const char *b)
{
	struct url *left CLEANUP(url_free) = NULL;
	struct url *right CLEANUP(url_free) = NULL;

	must(url_parse(a, &left, NULL) == 0 && url_parse(b, &right, NULL) == 0);
	return url_same_origin(left, right);
}

static void test_origin(void)
{
	struct url *url CLEANUP(url_free) = NULL;
	struct url *at CLEANUP(url_free) = NULL;
	char *text;

	ok(same("https://a.example/x", "https://A.EXAMPLE:443/y?z"), "default port, case and path");
	ok(!same("https://a.example/", "https://a.example:444/"), "another port");
	ok(!same("https://a.example/", "https://b.example/"), "another host");
	ok(!same("https://a.example/", "https://a.example.evil.example/"), "a longer host");
	must(url_parse("https://[::1]:99/p?q", &url, NULL) == 0);
	text = url_format(url);
	is_text(text, "https://[::1]:99/p?q", "written back");
	free(text);
	at = url_at(url, "/other", "x=1");
	must(at);
	text = url_format(at);
	is_text(text, "https://[::1]:99/other?x=1", "another resource of the origin");
	free(text);
}

static void check_local(const char *text, const char *want)
{
	struct url *url CLEANUP(url_free) = NULL;
	struct err err = {0};
	int result = url_parse_local(text, &url, &err);
	char *got CLEANUP(free) = result == 0 ? url_format(url) : NULL;

	is(result, want ? 0 : -EINVAL, "%s as a local URL", text);
	is_text(got, want, "  is %s", want ? want : "refused");
	ok(!url || url->plain, "  and plain");
}

static void test_not_local(void)
{
	static const char *const bad[] = {"https://127.0.0.1/",
					  "http://",
					  "http:///x",
					  "http://example.com/",
					  "http://localhost.evil.test/",
					  "http://127.0.0.1.evil.test/",
					  "http://128.0.0.1/",
					  "http://169.253.169.254/",
					  "http://169.255.0.1/",
					  "http://10.0.0.1/",
					  "http://0.0.0.0/",
					  "http://[::]/",
					  "http://[fe80::1]/",
					  "http://[::ffff:8.8.8.8]/",
					  "http://user@127.0.0.1/",
					  "http://127.0.0.1@evil.test/",
					  "http://127.0.0.1#@evil.test",
					  "http://127.0.0.1\\@evil.test/",
					  "http://169.254.169.254%2eevil.test/",
					  "ftp://127.0.0.1/",
					  "http://localhost./",
					  "127.0.0.1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_local(bad[i], NULL);
}

static void test_local(void)
{
	check_local("http://169.254.169.254/metadata", "http://169.254.169.254/metadata");
	check_local("HTTP://LocalHost:8081/msi/token?a=b", "http://localhost:8081/msi/token?a=b");
	check_local("http://127.9.8.7:80/", "http://127.9.8.7/");
	check_local("http://2130706433:443/", "http://127.0.0.1:443/");
	check_local("http://[::1]:42356/x", "http://[::1]:42356/x");
}

static void test_plain(void)
{
	struct url *plain CLEANUP(url_free) = NULL;
	struct url *tls CLEANUP(url_free) = NULL;
	struct url *below CLEANUP(url_free) = NULL;

	must(url_parse_local("http://127.0.0.1:443/", &plain, NULL) == 0);
	must(url_parse("https://127.0.0.1:443/", &tls, NULL) == 0);
	ok(!url_same_origin(plain, tls), "http is another origin than https");
	below = url_at(plain, "/x", NULL);
	must(below != NULL);
	ok(below->plain, "a resource below a plain URL is plain");
}

int main(void)
{
	test_local();
	test_not_local();
	test_plain();
	test_parse();
	test_scheme_and_user();
	test_characters();
	test_host_and_port();
	test_length();
	test_origin();
	return tap_done();
}
