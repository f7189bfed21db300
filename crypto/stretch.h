/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key stretching: what makes guessing passwords slow. Pure. */
#ifndef ADEFUSE_CRYPTO_STRETCH_H
#define ADEFUSE_CRYPTO_STRETCH_H

#include <stdint.h>

#include "bde/format/datum.h"
#include "crypto/crypto.h"

/*
 * From the hash of what the user typed and the protector's salt to the key that wraps the VMK:
 * 1,048,576 rounds of SHA-256, some 0.1 s. -ENOMEM, -EIO.
 */
int stretch_key(const uint8_t initial[CRYPTO_SHA256_SIZE], const uint8_t salt[DATUM_SALT_SIZE],
		uint8_t ret_key[CRYPTO_SHA256_SIZE]);

#endif
