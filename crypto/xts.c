/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * XTS from ECB; see xts.h. A chunk is small enough that it and its tweaks stay in the first-level
 * cache through the three passes: XOR the tweaks, decrypt, XOR them again.
 */
#include "crypto/xts.h"

#include <string.h>

#include "crypto/unroll.h"

enum {
	CHUNK = 8192,
	UNITS_MAX = CHUNK / 512, /* data units in a chunk */
	TOGETHER = 4,
	POLYNOMIAL = 0x87 /* x^7 + x^2 + x + 1 */
};

/* Vectors as gcc and clang have them on every processor. */
typedef uint64_t halves __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));

static inline halves load(const uint8_t *from)
{
	halves value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void store(uint8_t *to, halves value)
{
	memcpy(to, &value, sizeof(value));
}

/* Times x: each half is shifted, and what falls out of it is the sign of its upper word. */
static inline halves twice(halves tweak)
{
	static const words carried = {POLYNOMIAL, 0, 1, 0};
	words as_words = (words)tweak;
	words sign = __builtin_shufflevector(as_words, as_words, 3, 0, 1, 0) >> 31;

	return (tweak + tweak) ^ (halves)(sign & carried);
}

/*
 * XOR `units` data units with their tweaks and keep the tweaks. Several at once: each tweak waits
 * for the one before, so one unit alone would leave the processor idle.
 */
__attribute__((always_inline)) static inline void whiten(size_t units,
							 const uint8_t (*first)[CRYPTO_BLOCK_SIZE],
							 uint8_t *tweaks, uint8_t *data,
							 size_t size)
{
	halves tweak[TOGETHER];

	for (size_t k = 0; k < units; k++)
		tweak[k] = load(first[k]);
	for (size_t i = 0; i < size; i += CRYPTO_BLOCK_SIZE) {
		UNROLL
		for (size_t k = 0; k < units; k++) {
			size_t at = k * size + i;

			store(tweaks + at, tweak[k]);
			store(data + at, load(data + at) ^ tweak[k]);
			tweak[k] = twice(tweak[k]);
		}
	}
}

/* `count` data units, CHUNK bytes at most; `first` are their first tweaks. */
static int decrypt_chunk(struct crypto_cipher *cipher, const uint8_t (*first)[CRYPTO_BLOCK_SIZE],
			 uint8_t *data, size_t count, uint32_t size)
{
	uint8_t tweaks[CHUNK];
	size_t total = count * size;
	size_t i = 0;
	int result;

	for (; i + TOGETHER <= count; i += TOGETHER)
		whiten(TOGETHER, first + i, tweaks + i * size, data + i * size, size);
	for (; i + 2 <= count; i += 2)
		whiten(2, first + i, tweaks + i * size, data + i * size, size);
	if (i < count)
		whiten(1, first + i, tweaks + i * size, data + i * size, size);
	result = crypto_cipher_run(cipher, NULL, data, data, total);
	for (size_t at = 0; at < total; at += CRYPTO_BLOCK_SIZE)
		store(data + at, load(data + at) ^ load(tweaks + at));
	return result;
}

int xts_decrypt(struct crypto_cipher *tweak, struct crypto_cipher *data, uint64_t unit,
		uint8_t *buffer, size_t count, uint32_t size)
{
	uint8_t first[UNITS_MAX][CRYPTO_BLOCK_SIZE];
	size_t most = CHUNK / size;
	int result = 0;

	while (count > 0 && result == 0) {
		size_t part = count < most ? count : most;

		for (size_t i = 0; i < part; i++)
			store(first[i], (halves){unit + i, 0});
		result = crypto_cipher_run(tweak, NULL, first[0], first[0],
					   part * CRYPTO_BLOCK_SIZE);
		if (result == 0)
			result = decrypt_chunk(data, first, buffer, part, size);
		unit += part;
		buffer += part * size;
		count -= part;
	}
	return result;
}
