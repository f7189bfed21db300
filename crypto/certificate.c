/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates with OpenSSL 3; see certificate.h. */
#include "crypto/certificate.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

struct certificate {
	EVP_PKEY *key;
	X509 *chain[CERTIFICATE_CHAIN_MAX]; /* the leaf first */
	size_t count;
};

struct passphrase {
	const char *text; /* NULL: none is given */
	bool asked;
};

void certificate_free(struct certificate *certificate)
{
	if (!certificate)
		return;
	EVP_PKEY_free(certificate->key);
	for (size_t i = 0; i < certificate->count; i++)
		X509_free(certificate->chain[i]);
	free(certificate);
}

/* Without this OpenSSL would ask at the terminal. */
static int give_passphrase(char *buffer, int size, int writing, void *context)
{
	struct passphrase *passphrase = context;
	size_t length;

	(void)writing;
	passphrase->asked = true;
	length = passphrase->text ? strlen(passphrase->text) : 0;
	if (length == 0 || size < 0 || length > (size_t)size)
		return -1;
	memcpy(buffer, passphrase->text, length);
	return (int)length;
}

static int parse_key(BIO *bio, const char *password, struct certificate *certificate)
{
	struct passphrase passphrase = {.text = password};

	certificate->key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase);
	if (certificate->key) {
		if (EVP_PKEY_get_base_id(certificate->key) != EVP_PKEY_RSA ||
		    EVP_PKEY_get_bits(certificate->key) < CERTIFICATE_RSA_BITS_MIN)
			return -ENOTSUP;
		return 0;
	}
	if (!passphrase.asked)
		return -ENOENT;
	return password && *password ? -EKEYREJECTED : -EACCES;
}

/* To the front with the one that belongs to the key; the others keep their order. */
static int lead_with_leaf(struct certificate *certificate)
{
	for (size_t i = 0; i < certificate->count; i++) {
		X509 *leaf = certificate->chain[i];

		if (X509_check_private_key(leaf, certificate->key) != 1)
			continue;
		for (size_t k = i; k > 0; k--)
			certificate->chain[k] = certificate->chain[k - 1];
		certificate->chain[0] = leaf;
		return 0;
	}
	return -ENODEV;
}

static int parse_chain(BIO *bio, struct certificate *certificate)
{
	struct passphrase none = {0};

	for (;;) {
		X509 *next = PEM_read_bio_X509(bio, NULL, give_passphrase, &none);

		if (!next)
			break;
		if (certificate->count == CERTIFICATE_CHAIN_MAX) {
			X509_free(next);
			return -E2BIG;
		}
		certificate->chain[certificate->count++] = next;
	}
	/* Only the end of the text is a good reason to stop. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return -EBADMSG;
	return lead_with_leaf(certificate);
}

int certificate_parse(const struct secret *pem, const char *password,
		      struct certificate **ret_certificate)
{
	struct certificate *certificate CLEANUP(certificate_free) = NULL;
	BIO *bio;
	int result;

	if (secret_size(pem) > INT_MAX || !strstr(secret_text(pem), "-----BEGIN "))
		return -EBADMSG;
	certificate = calloc(1, sizeof(*certificate));
	bio = BIO_new_mem_buf(secret_bytes(pem), (int)secret_size(pem));
	if (!certificate || !bio) {
		BIO_free(bio);
		return -ENOMEM;
	}
	ERR_clear_error();
	result = parse_key(bio, password, certificate);
	ERR_clear_error();
	if (result == 0 && BIO_reset(bio) != 1)
		result = -EBADMSG;
	if (result == 0)
		result = parse_chain(bio, certificate);
	ERR_clear_error();
	BIO_free(bio);
	if (result == 0)
		*ret_certificate = TAKE(certificate);
	return result;
}

int certificate_thumbprint(const struct certificate *certificate,
			   uint8_t ret_digest[CERTIFICATE_SHA256_SIZE])
{
	unsigned int size = 0;

	if (X509_digest(certificate->chain[0], EVP_sha256(), ret_digest, &size) == 1 &&
	    size == CERTIFICATE_SHA256_SIZE)
		return 0;
	ERR_clear_error();
	return -EIO;
}

size_t certificate_count(const struct certificate *certificate)
{
	return certificate->count;
}

struct secret *certificate_der(const struct certificate *certificate, size_t index)
{
	unsigned char *der = NULL;
	int size = i2d_X509(certificate->chain[index], &der);
	struct secret *copy;

	if (size <= 0) {
		ERR_clear_error();
		return NULL;
	}
	copy = secret_copy(der, (size_t)size);
	OPENSSL_free(der);
	return copy;
}

static bool sign(EVP_MD_CTX *context, const struct certificate *certificate, const void *data,
		 size_t size, struct secret **signature)
{
	EVP_PKEY_CTX *key = NULL; /* the context's */
	size_t length = 0;

	if (EVP_DigestSignInit(context, &key, EVP_sha256(), NULL, certificate->key) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(key, EVP_sha256()) != 1 ||
	    EVP_DigestSign(context, NULL, &length, data, size) != 1)
		return false;
	*signature = secret_new(length);
	if (!*signature ||
	    EVP_DigestSign(context, secret_data(*signature), &length, data, size) != 1)
		return false;
	secret_truncate(*signature, length);
	return true;
}

struct secret *certificate_sign(const struct certificate *certificate, const void *data,
				size_t size)
{
	struct secret *signature CLEANUP(secret_free) = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context && sign(context, certificate, data, size, &signature);

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return done ? TAKE(signature) : NULL;
}
