/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CBC over runs of sectors; see cbc.h. */
#include "crypto/cbc.h"

#include <string.h>

int cbc_decrypt(struct crypto_cipher *cipher, const uint8_t (*ivs)[CRYPTO_BLOCK_SIZE],
		uint8_t *buffer, size_t count, uint32_t size)
{
	uint8_t last[CBC_RUN_MAX][CRYPTO_BLOCK_SIZE]; /* of each sector's ciphertext */
	int result;

	for (size_t i = 0; i < count; i++)
		memcpy(last[i], buffer + (i + 1) * size - CRYPTO_BLOCK_SIZE, CRYPTO_BLOCK_SIZE);
	result = crypto_cipher_run(cipher, ivs[0], buffer, buffer, count * size);
	for (size_t i = 1; i < count; i++) {
		uint8_t *block = buffer + i * size;

		for (size_t k = 0; k < CRYPTO_BLOCK_SIZE; k++)
			block[k] ^= (uint8_t)(ivs[i][k] ^ last[i - 1][k]);
	}
	return result;
}
