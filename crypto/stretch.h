/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key stretching: BitLocker's way to make each guess at a password slow. Pure; any thread.
 *
 * Source: J. Metz, "BitLocker Drive Encryption (BDE) format specification", password and recovery
 * password protected keys.
 */
#ifndef ADEFUSE_CRYPTO_STRETCH_H
#define ADEFUSE_CRYPTO_STRETCH_H

#include <stdint.h>

#include "crypto/crypto.h"

enum {
	STRETCH_SALT_SIZE = 16
};

/*
 * From the hash of what the user typed and the protector's salt to the key that wraps the VMK:
 * 1,048,576 rounds of SHA-256, about 0.1 s. -ENOMEM, -EIO.
 */
int stretch_key(const uint8_t initial[CRYPTO_SHA256_SIZE], const uint8_t salt[STRETCH_SALT_SIZE],
		uint8_t ret_key[CRYPTO_SHA256_SIZE]);

#endif
