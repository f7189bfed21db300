/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 of the stretch's 88 bytes; see stretch_x86.h, and FIPS 180-4 for the names. */
#include "crypto/stretch_x86.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

enum {
	QUADS = 16, /* of rounds of the compression; four words of the message each */
	BLOCK_QUADS = 4,
	PADDING = (int)0x80000000,
	INPUT_BITS = 88 * 8,
};

#define TARGET_SHA __attribute__((target("sha,sse4.1")))

#if defined(__clang__)
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[QUADS][4] __attribute__((aligned(16))) = {
	{0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5},
	{0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5},
	{0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3},
	{0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174},
	{0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc},
	{0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da},
	{0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7},
	{0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967},
	{0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13},
	{0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85},
	{0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3},
	{0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070},
	{0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5},
	{0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3},
	{0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208},
	{0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2},
};

/* As the instructions want it: from the highest word on A, B, E, F and C, D, G, H. */
struct state {
	__m128i abef;
	__m128i cdgh;
};

/* One block of 16 words, lowest first. */
TARGET_SHA static inline struct state compress(struct state state, const __m128i *block)
{
	struct state before = state;
	__m128i words[QUADS];

	UNROLL for (unsigned int i = 0; i < QUADS; i++)
	{
		__m128i sum;

		if (i < BLOCK_QUADS) {
			words[i] = block[i];
		} else {
			__m128i middle = _mm_alignr_epi8(words[i - 1], words[i - 2], 4);

			sum = _mm_add_epi32(_mm_sha256msg1_epu32(words[i - 4], words[i - 3]),
					    middle);
			words[i] = _mm_sha256msg2_epu32(sum, words[i - 1]);
		}
		sum = _mm_add_epi32(words[i], _mm_load_si128((const __m128i *)constants[i]));
		/* two rounds each; what comes out is the new ABEF, and the old one the new CDGH */
		state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
		state.abef =
			_mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(sum, 0x0e));
	}
	state.abef = _mm_add_epi32(state.abef, before.abef);
	state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
	return state;
}

/* 16 bytes as four words of a message. */
TARGET_SHA static inline __m128i load_words(const uint8_t *bytes)
{
	const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), swap);
}

TARGET_SHA static inline void store_words(__m128i words, uint8_t *bytes)
{
	const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);

	_mm_storeu_si128((__m128i *)bytes, _mm_shuffle_epi8(words, swap));
}

TARGET_SHA void stretch_x86_run(const uint8_t initial[CRYPTO_SHA256_SIZE],
				const uint8_t salt[DATUM_SALT_SIZE], uint32_t from, uint32_t to,
				uint8_t hash[CRYPTO_SHA256_SIZE])
{
	/* the fractions of the square roots of the first eight primes */
	const struct state start = {
		_mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
		_mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19),
	};
	__m128i first[BLOCK_QUADS] = {load_words(hash), load_words(hash + 16), load_words(initial),
				      load_words(initial + 16)};
	__m128i second[BLOCK_QUADS] = {load_words(salt), _mm_setzero_si128(), _mm_setzero_si128(),
				       _mm_set_epi32(INPUT_BITS, 0, 0, 0)};

	for (uint32_t round = from; round < to; round++) {
		struct state state = compress(start, first);
		__m128i ab;
		__m128i cd;

		second[1] = _mm_set_epi32(0, PADDING, 0, (int)__builtin_bswap32(round));
		state = compress(state, second);
		ab = _mm_shuffle_epi32(state.abef, 0x1b);
		cd = _mm_shuffle_epi32(state.cdgh, 0x1b);
		first[0] = _mm_unpacklo_epi64(ab, cd);
		first[1] = _mm_unpackhi_epi64(ab, cd);
	}
	store_words(first[0], hash);
	store_words(first[1], hash + 16);
}

bool stretch_x86_has(void)
{
	unsigned int a;
	unsigned int b;
	unsigned int c;
	unsigned int d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) &&
	       __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

#else

bool stretch_x86_has(void)
{
	return false;
}

void stretch_x86_run(const uint8_t initial[CRYPTO_SHA256_SIZE], const uint8_t salt[DATUM_SALT_SIZE],
		     uint32_t from, uint32_t to, uint8_t hash[CRYPTO_SHA256_SIZE])
{
	(void)initial;
	(void)salt;
	(void)from;
	(void)to;
	(void)hash;
}

#endif
