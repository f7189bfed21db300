/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wall in front of OpenSSL: SHA-256, opening AES-CCM, and the raw AES modes that sector ciphers
 * are made of. Only crypto.c and certificate.c know the library.
 *
 * Errors: -ENOMEM; -EIO when the library refuses for a reason that input cannot cause.
 * Threads: every object belongs to one thread at a time. The library cleanses key schedules when
 * an object is freed.
 */
#ifndef ADEFUSE_CRYPTO_CRYPTO_H
#define ADEFUSE_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum {
	CRYPTO_SHA256_SIZE = 32,
	CRYPTO_BLOCK_SIZE = 16,
	CRYPTO_CCM_KEY_SIZE = 32,
	CRYPTO_CCM_NONCE_SIZE = 12,
	CRYPTO_CCM_TAG_SIZE = 16,
};

/*
 * Make the library wipe all memory that it frees: TLS puts what the vault sends through buffers of
 * its own. Works only before the library has allocated anything, so first thing in main(); false
 * when it is too late.
 */
bool crypto_wipe_on_free(void);

/* SHA-256 with a context that can be used again, for the million rounds of a stretch. */
struct crypto_hash;
int crypto_hash_new(struct crypto_hash **ret_hash);
int crypto_hash_run(struct crypto_hash *hash, const void *data, size_t size,
		    uint8_t ret_digest[CRYPTO_SHA256_SIZE]);

/* The same in parts; after the end the context starts again. */
int crypto_hash_add(struct crypto_hash *hash, const void *data, size_t size);
int crypto_hash_end(struct crypto_hash *hash, uint8_t ret_digest[CRYPTO_SHA256_SIZE]);
void crypto_hash_free(struct crypto_hash *hash);
DEFINE_CLEANUP(struct crypto_hash, crypto_hash_free)

int crypto_sha256(const void *data, size_t size, uint8_t ret_digest[CRYPTO_SHA256_SIZE]);

/*
 * AES-256-CCM, no associated data: check `tag` and decrypt `size` bytes into `out`. -EBADMSG when
 * the tag does not fit, and then `out` is wiped.
 */
int crypto_ccm_open(const uint8_t key[CRYPTO_CCM_KEY_SIZE],
		    const uint8_t nonce[CRYPTO_CCM_NONCE_SIZE],
		    const uint8_t tag[CRYPTO_CCM_TAG_SIZE], const uint8_t *data, size_t size,
		    uint8_t *out);

enum crypto_mode {
	CRYPTO_ECB_ENCRYPT, /* key 16 or 32 bytes */
	CRYPTO_ECB_DECRYPT, /* key 16 or 32 bytes */
	CRYPTO_CBC_DECRYPT, /* key 16 or 32 bytes */
	CRYPTO_XTS_DECRYPT, /* key 32 or 64 bytes: data key, then tweak key */
};

/* AES with one key, set once. -EINVAL when the mode does not take this key size. */
struct crypto_cipher;
int crypto_cipher_new(enum crypto_mode mode, const uint8_t *key, size_t key_size,
		      struct crypto_cipher **ret_cipher);

/*
 * One message: a run of whole blocks (for XTS one data unit) from `in` to `out`, which may be the
 * same. `iv` is the block to chain from or the data unit's number; NULL for ECB.
 */
int crypto_cipher_run(struct crypto_cipher *cipher, const uint8_t iv[CRYPTO_BLOCK_SIZE],
		      const uint8_t *in, uint8_t *out, size_t size);
void crypto_cipher_free(struct crypto_cipher *cipher);
DEFINE_CLEANUP(struct crypto_cipher, crypto_cipher_free)

#endif
