/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crypto/certificate and assertion: which PEM files are accepted, and the JWT made with one,
 * verified by OpenSSL with the parameters that PS256 prescribes.
 */
#include <errno.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/text/base64.h"
#include "entra/credential/assertion.h"
#include "net/json.h"
#include "tests/tap.h"

static EVP_PKEY *make_key(const char *type, size_t bits)
{
	EVP_PKEY *key = strcmp(type, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
						: EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

	must(key != NULL);
	return key;
}

static X509 *make_certificate(EVP_PKEY *key, const char *name)
{
	X509 *certificate = X509_new();
	X509_NAME *subject;

	must(certificate != NULL);
	subject = X509_get_subject_name(certificate);
	must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
	     X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
	     X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) &&
	     X509_set_pubkey(certificate, key) == 1 &&
	     X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
					-1, -1, 0) == 1 &&
	     X509_set_issuer_name(certificate, subject) == 1 &&
	     X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

/* The parts in the order given; NULL ends them. A key is encrypted when there is a password. */
static struct secret *make_pem(EVP_PKEY *key, const char *password, X509 *const *certificates,
			       bool key_last)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct secret *pem;
	char *text;
	long size;
	int length = password ? (int)strlen(password) : 0;

	must(bio != NULL);
	for (int part = 0; part < 2; part++) {
		if (key && part == (key_last ? 1 : 0))
			must(PEM_write_bio_PKCS8PrivateKey(bio, key,
							   password ? EVP_aes_256_cbc() : NULL,
							   password, length, NULL, NULL) == 1);
		for (X509 *const *next = certificates; part == (key_last ? 0 : 1) && *next; next++)
			must(PEM_write_bio_X509(bio, *next) == 1);
	}
	size = BIO_get_mem_data(bio, &text);
	pem = secret_copy(text, (size_t)size);
	BIO_free(bio);
	must(pem != NULL);
	return pem;
}

static void check_parse(struct secret *pem, const char *password, int want, const char *name)
{
	struct certificate *certificate CLEANUP(certificate_free) = NULL;

	is(certificate_parse(pem, password, &certificate), want, "%s", name);
	ok((want == 0) == (certificate != NULL), "  and nothing is left behind");
	secret_free(pem);
}

static struct secret *text_secret(const char *text)
{
	return secret_copy(text, strlen(text));
}

static void test_files(EVP_PKEY *key, X509 *leaf, X509 *other)
{
	X509 *const chain[] = {other, leaf, NULL};
	X509 *const none[] = {NULL};
	X509 *const stranger[] = {other, NULL};
	EVP_PKEY *ec = make_key("EC", 0);
	EVP_PKEY *small = make_key("RSA", 1024);

	check_parse(make_pem(key, NULL, chain, false), NULL, 0, "key, then certificates");
	check_parse(make_pem(key, NULL, chain, true), NULL, 0, "certificates, then key");
	check_parse(make_pem(key, NULL, chain, true), "not needed", 0, "a password too many");
	check_parse(make_pem(key, "pass word", chain, false), "pass word", 0, "an encrypted key");
	check_parse(make_pem(key, "pass word", chain, true), "pass word", 0, "and behind them");
	check_parse(make_pem(key, "pass word", chain, false), "wrong", -EKEYREJECTED,
		    "a wrong password");
	check_parse(make_pem(key, "pass word", chain, false), NULL, -EACCES, "no password");
	check_parse(make_pem(key, "pass word", chain, false), "", -EACCES, "an empty one");
	check_parse(make_pem(NULL, NULL, chain, false), NULL, -ENOENT, "no key");
	check_parse(make_pem(key, NULL, none, false), NULL, -ENODEV, "no certificate");
	check_parse(make_pem(key, NULL, stranger, false), NULL, -ENODEV, "another's certificate");
	check_parse(make_pem(ec, NULL, chain, false), NULL, -ENOTSUP, "a key that is not RSA");
	check_parse(make_pem(small, NULL, chain, false), NULL, -ENOTSUP, "a short RSA key");
	check_parse(text_secret(""), NULL, -EBADMSG, "an empty file");
	check_parse(text_secret("\x30\x82\x01\x02 nonsense"), NULL, -EBADMSG, "no PEM");
	check_parse(text_secret("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		    NULL, -ENOENT, "a key that is none");
	EVP_PKEY_free(ec);
	EVP_PKEY_free(small);
}

/* The next part of a JWT, decoded. */
static struct secret *take_part(const char **text)
{
	struct secret *bytes = NULL;
	size_t length = strcspn(*text, ".");

	must(base64_decode(*text, length, &bytes) == 0);
	*text += length + ((*text)[length] == '.');
	return bytes;
}

static void check_text(const struct secret *part, const char *name, const char *want)
{
	struct json *json CLEANUP(json_free) = NULL;
	const char *got = NULL;

	must(json_parse(secret_text(part), secret_size(part), &json) == 0);
	(void)json_get_string(json_root(json), name, &got);
	is_text(got, want, "  %s", name);
}

static int64_t number_of(const struct secret *part, const char *name)
{
	struct json *json CLEANUP(json_free) = NULL;
	int64_t number = -1;

	must(json_parse(secret_text(part), secret_size(part), &json) == 0);
	(void)json_get_integer(json_root(json), name, 0, INT64_C(1) << 40, &number);
	return number;
}

static void check_signature(EVP_PKEY *key, const char *text, size_t size,
			    const struct secret *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *parameters = NULL;

	must(context && EVP_DigestVerifyInit(context, &parameters, EVP_sha256(), NULL, key) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, 32) == 1 &&
	     EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha256()) == 1);
	is(EVP_DigestVerify(context, secret_bytes(signature), secret_size(signature),
			    (const unsigned char *)text, size),
	   1, "  its signature is PS256 with a salt of 32 bytes");
	EVP_MD_CTX_free(context);
}

static void check_chain(const struct secret *header, X509 *leaf, size_t want)
{
	struct json *json CLEANUP(json_free) = NULL;
	const struct json_value *chain;
	unsigned char *der = NULL;
	int size = i2d_X509(leaf, &der);
	struct secret *first CLEANUP(secret_free) = NULL;
	size_t count = 0;

	must(size > 0 && json_parse(secret_text(header), secret_size(header), &json) == 0);
	first = base64_encode(der, (size_t)size);
	OPENSSL_free(der);
	if (want == 0) {
		is(json_get_array(json_root(json), "x5c", &chain), -ENOENT, "  no x5c unasked");
		return;
	}
	must(json_get_array(json_root(json), "x5c", &chain) == 0);
	for (const struct json_value *next = json_first(chain); next; next = json_next(next))
		count++;
	is(count, want, "  x5c has every certificate");
	ok(strstr(secret_text(header), "\"x5c\":[\"") &&
		   strncmp(strstr(secret_text(header), "\"x5c\":[\"") + 8, secret_text(first),
			   secret_size(first)) == 0,
	   "  the leaf first, in standard base64");
}

static const struct assertion sample = {
	.audience = "https://login.example/t/oauth2/v2.0/token",
	.client = "aaaa-1",
	.id = {.bytes = {0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
	.now = 1700000000,
};

static void check_header(const struct secret *header, X509 *leaf, bool with_chain)
{
	struct secret *print CLEANUP(secret_free) = NULL;
	unsigned char digest[32];

	must(X509_digest(leaf, EVP_sha256(), digest, NULL) == 1);
	print = base64_encode_url(digest, sizeof(digest));
	check_text(header, "alg", "PS256");
	check_text(header, "typ", "JWT");
	check_text(header, "x5t#S256", secret_text(print));
	check_chain(header, leaf, with_chain ? 2 : 0);
}

static void check_claims(const struct secret *claims)
{
	check_text(claims, "aud", sample.audience);
	check_text(claims, "iss", "aaaa-1");
	check_text(claims, "sub", "aaaa-1");
	check_text(claims, "jti", "030201ab-0504-0706-0809-0a0b0c0d0e0f");
	is(number_of(claims, "nbf"), 1700000000, "  nbf");
	is(number_of(claims, "iat"), 1700000000, "  iat");
	is(number_of(claims, "exp"), 1700000600, "  exp");
}

static void test_assertion(EVP_PKEY *key, X509 *leaf, X509 *other, bool with_chain)
{
	X509 *const chain[] = {other, leaf, NULL};
	struct secret *pem CLEANUP(secret_free) = make_pem(key, NULL, chain, false);
	struct certificate *certificate CLEANUP(certificate_free) = NULL;
	struct assertion assertion = sample;
	struct secret *jwt CLEANUP(secret_free) = NULL;
	struct secret *header CLEANUP(secret_free) = NULL;
	struct secret *claims CLEANUP(secret_free) = NULL;
	struct secret *signature CLEANUP(secret_free) = NULL;
	size_t signed_size;
	const char *text;

	must(certificate_parse(pem, NULL, &certificate) == 0);
	assertion.with_chain = with_chain;
	jwt = assertion_make(&assertion, certificate);
	must(ok(jwt != NULL, "an assertion%s", with_chain ? " with its chain" : ""));
	text = secret_text(jwt);
	header = take_part(&text);
	claims = take_part(&text);
	signed_size = (size_t)(text - secret_text(jwt)) - 1;
	signature = take_part(&text);
	check_signature(key, secret_text(jwt), signed_size, signature);
	check_header(header, leaf, with_chain);
	check_claims(claims);
}

int main(void)
{
	EVP_PKEY *key = make_key("RSA", 2048);
	EVP_PKEY *other_key = make_key("RSA", 2048);
	X509 *leaf = make_certificate(key, "leaf");
	X509 *other = make_certificate(other_key, "other");

	test_files(key, leaf, other);
	test_assertion(key, leaf, other, false);
	test_assertion(key, leaf, other, true);
	X509_free(leaf);
	X509_free(other);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	return tap_done();
}
