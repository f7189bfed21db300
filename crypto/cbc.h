/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AES-CBC over runs of sectors with one call of the crypto library, since each call starts slowly.
 * The run is decrypted as if it were one message, and then the first block of each next sector is
 * corrected: in the message it was XORed with the last block of ciphertext before it, and it needs
 * its sector's initialisation vector. Any thread, with a cipher of its own.
 */
#ifndef ADEFUSE_CRYPTO_CBC_H
#define ADEFUSE_CRYPTO_CBC_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

enum {
	CBC_RUN_MAX = 64 /* sectors */
};

/*
 * Decrypt `count` sectors (1..CBC_RUN_MAX) of `size` bytes in place. `ivs` are their initialisation
 * vectors. 0 or -EIO.
 */
int cbc_decrypt(struct crypto_cipher *cipher, const uint8_t (*ivs)[CRYPTO_BLOCK_SIZE],
		uint8_t *buffer, size_t count, uint32_t size);

#endif
