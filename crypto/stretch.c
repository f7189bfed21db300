/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each round hashes 88 bytes, little-endian: the last round's hash (32, zeros at first), the
 * initial hash (32), the salt (16), the number of the round (u64, from 0).
 */
#include "crypto/stretch.h"

#include <string.h>

#include "base/secret.h"

enum {
	ROUNDS = 1048576,
	LAST_AT = 0,
	INITIAL_AT = 32,
	SALT_AT = 64,
	COUNT_AT = 80,
	INPUT_SIZE = 88,
};

int stretch_key(const uint8_t initial[CRYPTO_SHA256_SIZE], const uint8_t salt[STRETCH_SALT_SIZE],
		uint8_t ret_key[CRYPTO_SHA256_SIZE])
{
	struct crypto_hash *hash CLEANUP(crypto_hash_free) = NULL;
	uint8_t input[INPUT_SIZE] = {0};
	int result = crypto_hash_new(&hash);

	memcpy(input + INITIAL_AT, initial, CRYPTO_SHA256_SIZE);
	memcpy(input + SALT_AT, salt, STRETCH_SALT_SIZE);
	for (uint32_t round = 0; result == 0 && round < ROUNDS; round++) {
		for (unsigned int i = 0; i < 4; i++) /* fits 32 bits; the upper half stays 0 */
			input[COUNT_AT + i] = (uint8_t)(round >> (8 * i));
		result = crypto_hash_run(hash, input, sizeof(input), input + LAST_AT);
	}
	if (result == 0)
		memcpy(ret_key, input + LAST_AT, CRYPTO_SHA256_SIZE);
	secret_wipe(input, sizeof(input));
	return result;
}
