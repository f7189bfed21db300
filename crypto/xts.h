/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AES-XTS over runs of data units, made of ECB: one call of the crypto library encrypts the first
 * tweaks of many data units, and one decrypts many of their blocks. The library's own XTS takes a
 * call for each data unit, and each call starts slowly. For processors that crypto/aes_x86.h does
 * not support. Any thread, with ciphers of its own.
 */
#ifndef ADEFUSE_CRYPTO_XTS_H
#define ADEFUSE_CRYPTO_XTS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

/*
 * Decrypt `count` data units of `size` bytes (512 or 4096) in place, the first numbered `unit`.
 * `tweak` encrypts under the tweak key and `data` decrypts under the data key, both ECB. Little-
 * endian processors only. 0 or -EIO.
 */
int xts_decrypt(struct crypto_cipher *tweak, struct crypto_cipher *data, uint64_t unit,
		uint8_t *buffer, size_t count, uint32_t size);

#endif
