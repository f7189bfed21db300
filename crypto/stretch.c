/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each round hashes 88 bytes, little-endian: the last round's hash (32, zeros at first), the
 * initial hash (32), the salt (16), the number of the round (u64, from 0).
 */
#include "crypto/stretch.h"

#include <stdbool.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/stretch_x86.h"

enum {
	ROUNDS = 1048576,
	CHECKED_ROUNDS = 1024, /* both ways: 0.1 ms */
	LAST_AT = 0,
	INITIAL_AT = 32,
	SALT_AT = 64,
	COUNT_AT = 80,
	INPUT_SIZE = 88,
};

/* Rounds `from` up to `to` by the library; what the others are checked against. */
static int run_library(const uint8_t *initial, const uint8_t *salt, uint32_t from, uint32_t to,
		       uint8_t hash[CRYPTO_SHA256_SIZE])
{
	struct crypto_hash *context CLEANUP(crypto_hash_free) = NULL;
	uint8_t input[INPUT_SIZE] = {0};
	int result = crypto_hash_new(&context);

	memcpy(input + LAST_AT, hash, CRYPTO_SHA256_SIZE);
	memcpy(input + INITIAL_AT, initial, CRYPTO_SHA256_SIZE);
	memcpy(input + SALT_AT, salt, DATUM_SALT_SIZE);
	for (uint32_t round = from; result == 0 && round < to; round++) {
		for (unsigned int i = 0; i < 4; i++) /* fits 32 bits; the upper half stays 0 */
			input[COUNT_AT + i] = (uint8_t)(round >> (8 * i));
		result = crypto_hash_run(context, input, sizeof(input), input + LAST_AT);
	}
	memcpy(hash, input + LAST_AT, CRYPTO_SHA256_SIZE);
	secret_wipe(input, sizeof(input));
	return result;
}

/* The processor's instructions, when they make the same of the first rounds. */
int stretch_key(const uint8_t initial[CRYPTO_SHA256_SIZE], const uint8_t salt[DATUM_SALT_SIZE],
		uint8_t ret_key[CRYPTO_SHA256_SIZE])
{
	uint8_t hash[CRYPTO_SHA256_SIZE] = {0};
	uint8_t fast[CRYPTO_SHA256_SIZE] = {0};
	int result = run_library(initial, salt, 0, CHECKED_ROUNDS, hash);
	bool agrees = result == 0 && stretch_x86_has();

	if (agrees) {
		stretch_x86_run(initial, salt, 0, CHECKED_ROUNDS, fast);
		agrees = memcmp(hash, fast, sizeof(hash)) == 0;
	}
	if (agrees)
		stretch_x86_run(initial, salt, CHECKED_ROUNDS, ROUNDS, hash);
	else if (result == 0)
		result = run_library(initial, salt, CHECKED_ROUNDS, ROUNDS, hash);
	if (result == 0)
		memcpy(ret_key, hash, CRYPTO_SHA256_SIZE);
	secret_wipe(hash, sizeof(hash));
	secret_wipe(fast, sizeof(fast));
	return result;
}
