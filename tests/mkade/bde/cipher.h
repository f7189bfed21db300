/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BitLocker's cryptography in the encrypting direction, on libgcrypt: the reader under test
 * uses another library, so that a fault common to both cannot hide.
 */
#ifndef MKADE_CIPHER_H
#define MKADE_CIPHER_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN    32
#define FVEK_MAX      64
#define VMK_LEN	      32
#define CCM_NONCE_LEN 12
#define CCM_TAG_LEN   16

struct method {
	const char *name;
	uint16_t id;
	unsigned int aes_bits;
	size_t fvek_len; /* bytes of the key datum; with diffuser: 32 for AES, 32 for the sector key
			  */
	enum {
		METHOD_XTS,
		METHOD_CBC,
		METHOD_CBC_DIFFUSER
	} kind;
};

struct sector_cipher;

void cipher_init(void);
const struct method *method_by_name(const char *name);

void sha256(const void *data, size_t n, uint8_t ret_digest[SHA256_LEN]);
struct sha256_stream *sha256_begin(void);
void sha256_add(struct sha256_stream *s, const void *data, size_t n);
void sha256_end(struct sha256_stream *s, uint8_t ret_digest[SHA256_LEN]); /* frees s */

/* AES-256-CCM: tag and ciphertext of n bytes. */
void ccm_encrypt(const uint8_t key[VMK_LEN], const uint8_t nonce[CCM_NONCE_LEN], const uint8_t *in,
		 size_t n, uint8_t ret_tag[CCM_TAG_LEN], uint8_t *ret_out);

/* The 1,048,576 rounds from the hash of a password to the key that opens its VMK. */
void key_stretch(const uint8_t initial[SHA256_LEN], const uint8_t salt[16],
		 uint8_t ret_key[SHA256_LEN]);

struct sector_cipher *sector_cipher_open(const struct method *m, const uint8_t *fvek,
					 size_t sector_size);
/* Encrypts whole sectors in place; offset in bytes from the start of the volume. */
void sector_cipher_encrypt(struct sector_cipher *c, uint8_t *buf, size_t n, uint64_t offset);
void sector_cipher_close(struct sector_cipher *c);

#endif
