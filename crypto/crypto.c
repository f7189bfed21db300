/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenSSL 3's EVP; see crypto.h. Algorithms are fetched once per object: implicit fetching on every
 * use costs more than the work done here.
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/secret.h"

struct crypto_hash {
	EVP_MD *digest;
	EVP_MD_CTX *context;
};

struct crypto_cipher {
	EVP_CIPHER_CTX *context;
	bool encrypt;
};

static bool takes_iv(enum crypto_mode mode)
{
	return mode == CRYPTO_CBC_DECRYPT || mode == CRYPTO_XTS_DECRYPT;
}

/* Our callers do not use the library's queue of errors, and it must not grow in a thread. */
static int library_error(void)
{
	ERR_clear_error();
	return -EIO;
}

static void *wiping_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return malloc(size);
}

static void *wiping_realloc(void *pointer, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return secret_heap_realloc(pointer, size);
}

static void wiping_free(void *pointer, const char *file, int line)
{
	(void)file, (void)line;
	secret_heap_free(pointer);
}

bool crypto_wipe_on_free(void)
{
	return CRYPTO_set_mem_functions(wiping_malloc, wiping_realloc, wiping_free) == 1;
}

int crypto_hash_new(struct crypto_hash **ret_hash)
{
	struct crypto_hash *hash CLEANUP(crypto_hash_free) = calloc(1, sizeof(*hash));

	if (!hash)
		return -ENOMEM;
	hash->digest = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	hash->context = EVP_MD_CTX_new();
	if (!hash->digest || !hash->context ||
	    !EVP_DigestInit_ex2(hash->context, hash->digest, NULL))
		return library_error();
	*ret_hash = TAKE(hash);
	return 0;
}

int crypto_hash_run(struct crypto_hash *hash, const void *data, size_t size,
		    uint8_t ret_digest[CRYPTO_SHA256_SIZE])
{
	if (!EVP_DigestInit_ex2(hash->context, NULL, NULL) ||
	    !EVP_DigestUpdate(hash->context, data, size) ||
	    !EVP_DigestFinal_ex(hash->context, ret_digest, NULL))
		return library_error();
	return 0;
}

int crypto_hash_add(struct crypto_hash *hash, const void *data, size_t size)
{
	return EVP_DigestUpdate(hash->context, data, size) ? 0 : library_error();
}

int crypto_hash_end(struct crypto_hash *hash, uint8_t ret_digest[CRYPTO_SHA256_SIZE])
{
	if (!EVP_DigestFinal_ex(hash->context, ret_digest, NULL) ||
	    !EVP_DigestInit_ex2(hash->context, NULL, NULL))
		return library_error();
	return 0;
}

void crypto_hash_free(struct crypto_hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	EVP_MD_free(hash->digest);
	free(hash);
}

int crypto_sha256(const void *data, size_t size, uint8_t ret_digest[CRYPTO_SHA256_SIZE])
{
	struct crypto_hash *hash CLEANUP(crypto_hash_free) = NULL;
	int result = crypto_hash_new(&hash);

	return result < 0 ? result : crypto_hash_run(hash, data, size, ret_digest);
}

static EVP_CIPHER_CTX *ccm_context(const uint8_t *key, const uint8_t *nonce, const uint8_t *tag)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CCM", NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t tag_copy[CRYPTO_CCM_TAG_SIZE]; /* the control call takes no const */

	for (size_t i = 0; i < sizeof(tag_copy); i++)
		tag_copy[i] = tag[i];
	if (!cipher || !context || !EVP_DecryptInit_ex2(context, cipher, NULL, NULL, NULL) ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, CRYPTO_CCM_NONCE_SIZE, NULL) <=
		    0 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CRYPTO_CCM_TAG_SIZE, tag_copy) <=
		    0 ||
	    !EVP_DecryptInit_ex2(context, NULL, key, nonce, NULL)) {
		EVP_CIPHER_CTX_free(context);
		context = NULL;
	}
	EVP_CIPHER_free(cipher); /* the context holds its own reference */
	return context;
}

int crypto_ccm_open(const uint8_t key[CRYPTO_CCM_KEY_SIZE],
		    const uint8_t nonce[CRYPTO_CCM_NONCE_SIZE],
		    const uint8_t tag[CRYPTO_CCM_TAG_SIZE], const uint8_t *data, size_t size,
		    uint8_t *out)
{
	EVP_CIPHER_CTX *context;
	int done = 0;
	bool good;

	if (size == 0 || size > INT_MAX)
		return -EINVAL;
	context = ccm_context(key, nonce, tag);
	if (!context)
		return library_error();
	/* With CCM this one call checks the tag too: there is nothing to finish. */
	good = EVP_DecryptUpdate(context, out, &done, data, (int)size) > 0 && done == (int)size;
	EVP_CIPHER_CTX_free(context);
	if (good)
		return 0;
	ERR_clear_error();
	secret_wipe(out, size);
	return -EBADMSG;
}

static const char *cipher_name(enum crypto_mode mode, size_t key_size)
{
	switch (mode) {
	case CRYPTO_ECB_ENCRYPT:
	case CRYPTO_ECB_DECRYPT:
		return key_size == 16 ? "AES-128-ECB" : key_size == 32 ? "AES-256-ECB" : NULL;
	case CRYPTO_CBC_DECRYPT:
		return key_size == 16 ? "AES-128-CBC" : key_size == 32 ? "AES-256-CBC" : NULL;
	case CRYPTO_XTS_DECRYPT:
		return key_size == 32 ? "AES-128-XTS" : key_size == 64 ? "AES-256-XTS" : NULL;
	}
	return NULL;
}

int crypto_cipher_new(enum crypto_mode mode, const uint8_t *key, size_t key_size,
		      struct crypto_cipher **ret_cipher)
{
	static const uint8_t zero_iv[CRYPTO_BLOCK_SIZE];
	struct crypto_cipher *cipher CLEANUP(crypto_cipher_free) = NULL;
	const char *name = cipher_name(mode, key_size);
	EVP_CIPHER *type;
	int good;

	if (!name)
		return -EINVAL;
	cipher = calloc(1, sizeof(*cipher));
	if (!cipher)
		return -ENOMEM;
	cipher->encrypt = mode == CRYPTO_ECB_ENCRYPT;
	cipher->context = EVP_CIPHER_CTX_new();
	type = EVP_CIPHER_fetch(NULL, name, NULL);
	good = type && cipher->context &&
	       EVP_CipherInit_ex2(cipher->context, type, key, takes_iv(mode) ? zero_iv : NULL,
				  cipher->encrypt, NULL) &&
	       EVP_CIPHER_CTX_set_padding(cipher->context, 0);
	EVP_CIPHER_free(type);
	if (!good)
		return library_error();
	*ret_cipher = TAKE(cipher);
	return 0;
}

int crypto_cipher_run(struct crypto_cipher *cipher, const uint8_t iv[CRYPTO_BLOCK_SIZE],
		      const uint8_t *in, uint8_t *out, size_t size)
{
	int done = 0;

	if (size % CRYPTO_BLOCK_SIZE != 0 || size > INT_MAX)
		return -EINVAL;
	if (iv && !EVP_CipherInit_ex2(cipher->context, NULL, NULL, iv, cipher->encrypt, NULL))
		return library_error();
	if (!EVP_CipherUpdate(cipher->context, out, &done, in, (int)size) || done != (int)size)
		return library_error();
	return 0;
}

void crypto_cipher_free(struct crypto_cipher *cipher)
{
	if (!cipher)
		return;
	EVP_CIPHER_CTX_free(cipher->context);
	free(cipher);
}
