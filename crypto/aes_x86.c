/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AES by the processor's instructions; see aes_x86.h, and FIPS 197 for the key schedule. */
#include "crypto/aes_x86.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/unroll.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

enum {
	VECTORS = 8, /* at once; more than there are registers for gains nothing */
	AES_128_SIZE = 16,
	AES_256_SIZE = 32,
	AES_128_ROUNDS = 10,
	AES_256_ROUNDS = 14,
	KEYS_MAX = AES_256_ROUNDS + 1, /* and the key before the first */
	POLYNOMIAL = 0x87	       /* x^7 + x^2 + x + 1 */
};

/* Round keys. */
struct keys {
	uint8_t data[KEYS_MAX][16]; /* for decrypting, in the order of use */
	uint8_t iv[KEYS_MAX][16];   /* for encrypting the sectors' numbers */
	unsigned int rounds;
};

struct aes_x86 {
	enum aes_x86_width width;
	enum aes_x86_mode mode;
	struct secret *keys; /* a struct keys */
};

/* --------------------------------------------------------------- key schedule */

#define TARGET_AES __attribute__((target("aes,sse2")))

/* SubWord of the highest word, with or without RotWord, in each word of the result. */
TARGET_AES static __m128i sub_word(__m128i words, bool rotate, unsigned int round)
{
	/* the instruction's constant is fixed when compiled; XORing it afterwards is the same */
	__m128i out = _mm_aeskeygenassist_si128(words, 0);

	if (!rotate)
		return _mm_shuffle_epi32(out, 0xaa);
	return _mm_xor_si128(_mm_shuffle_epi32(out, 0xff), _mm_set1_epi32((int)round));
}

/* Each word becomes the XOR of itself and those before it, and of `mixed`. */
TARGET_AES static __m128i chain(__m128i words, __m128i mixed)
{
	words = _mm_xor_si128(words, _mm_slli_si128(words, 4));
	words = _mm_xor_si128(words, _mm_slli_si128(words, 8));
	return _mm_xor_si128(words, mixed);
}

/* The round keys for encrypting. Number of rounds. */
TARGET_AES static unsigned int expand_key(const uint8_t *key, size_t size, uint8_t out[][16])
{
	unsigned int step = size == AES_256_SIZE ? 2 : 1;
	unsigned int rounds = size == AES_256_SIZE ? AES_256_ROUNDS : AES_128_ROUNDS;
	unsigned int constant = 1;

	memcpy(out, key, size);
	for (unsigned int i = step; i <= rounds; i++) {
		__m128i before = _mm_loadu_si128((const __m128i *)out[i - 1]);
		__m128i words = _mm_loadu_si128((const __m128i *)out[i - step]);
		bool rotate = i % step == 0;

		words = chain(words, sub_word(before, rotate, constant));
		_mm_storeu_si128((__m128i *)out[i], words);
		if (rotate)
			constant = constant << 1 ^ (constant >> 7) * 0x11b;
	}
	return rounds;
}

/* Those for decrypting, in the order of use. */
TARGET_AES static void invert_keys(uint8_t keys[][16], unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds - i; i++) {
		__m128i low = _mm_loadu_si128((const __m128i *)keys[i]);
		__m128i high = _mm_loadu_si128((const __m128i *)keys[rounds - i]);

		_mm_storeu_si128((__m128i *)keys[i], high);
		_mm_storeu_si128((__m128i *)keys[rounds - i], low);
	}
	for (unsigned int i = 1; i < rounds; i++) {
		__m128i key = _mm_loadu_si128((const __m128i *)keys[i]);

		_mm_storeu_si128((__m128i *)keys[i], _mm_aesimc_si128(key));
	}
}

/* -------------------------------------------------------------------- kernels */

#define KERNEL(name)		name##_256
#define KERNEL_TARGET		__attribute__((target("aes,avx2,vaes,vpclmulqdq")))
#define LANES			2
#define vector			__m256i
#define vector_load(from)	_mm256_loadu_si256((const __m256i *)(from))
#define vector_store(to, v)	_mm256_storeu_si256((__m256i *)(to), v)
#define vector_spread(from)	_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(from)))
#define vector_xor		_mm256_xor_si256
#define vector_decrypt		_mm256_aesdec_epi128
#define vector_decrypt_last	_mm256_aesdeclast_epi128
#define vector_encrypt		_mm256_aesenc_epi128
#define vector_encrypt_last	_mm256_aesenclast_epi128
#define vector_numbers(n, step) _mm256_set_epi64x(0, (long long)((n) + (step)), 0, (long long)(n))
#define vector_up		_mm256_slli_si256
#define vector_down		_mm256_srli_si256
#define vector_left		_mm256_sllv_epi64
#define vector_right		_mm256_srlv_epi64
#define vector_halves(n)	_mm256_set1_epi64x(n)
#define vector_lanes		_mm256_set_epi64x(1, 1, 0, 0)
#define vector_reduce(v, half)	_mm256_clmulepi64_epi128(v, _mm256_set1_epi64x(POLYNOMIAL), half)
#include "crypto/aes_x86_kernel.h"

#define KERNEL(name)	    name##_512
#define KERNEL_TARGET	    __attribute__((target("aes,avx512f,avx512bw,vaes,vpclmulqdq")))
#define LANES		    4
#define vector		    __m512i
#define vector_load(from)   _mm512_loadu_si512(from)
#define vector_store(to, v) _mm512_storeu_si512(to, v)
#define vector_spread(from) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(from)))
#define vector_xor	    _mm512_xor_si512
#define vector_decrypt	    _mm512_aesdec_epi128
#define vector_decrypt_last _mm512_aesdeclast_epi128
#define vector_encrypt	    _mm512_aesenc_epi128
#define vector_encrypt_last _mm512_aesenclast_epi128
#define vector_numbers(n, step)                                                                 \
	_mm512_set_epi64(0, (long long)((n) + 3 * (step)), 0, (long long)((n) + 2 * (step)), 0, \
			 (long long)((n) + (step)), 0, (long long)(n))
#define vector_up	       _mm512_bslli_epi128
#define vector_down	       _mm512_bsrli_epi128
#define vector_left	       _mm512_sllv_epi64
#define vector_right	       _mm512_srlv_epi64
#define vector_halves(n)       _mm512_set1_epi64(n)
#define vector_lanes	       _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0)
#define vector_reduce(v, half) _mm512_clmulepi64_epi128(v, _mm512_set1_epi64(POLYNOMIAL), half)
#include "crypto/aes_x86_kernel.h"

/* ------------------------------------------------------------------ the object */

/*
 * VAES and VPCLMULQDQ, by leaf 7 of CPUID: not every compiler has names for them.
 * __builtin_cpu_supports() says of AVX2 and AVX-512 whether the system saves the registers.
 */
static bool has_vaes(void)
{
	const unsigned int wanted = 1U << 9 | 1U << 10;
	unsigned int a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & wanted) == wanted;
}

static bool has_width(enum aes_x86_width width)
{
	bool has;

	__builtin_cpu_init();
	has = has_vaes() && __builtin_cpu_supports("aes") && __builtin_cpu_supports("avx2");
	if (width == AES_X86_VAES512)
		has = has && __builtin_cpu_supports("avx512f") &&
		      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
	return has;
}

int aes_x86_new(enum aes_x86_width width, enum aes_x86_mode mode, const uint8_t *key,
		size_t key_size, struct aes_x86 **ret_aes)
{
	struct aes_x86 *aes CLEANUP(aes_x86_free) = NULL;
	size_t size = mode == AES_X86_XTS ? key_size / 2 : key_size;
	struct keys *keys;

	if ((size != AES_128_SIZE && size != AES_256_SIZE) || (mode == AES_X86_XTS && key_size % 2))
		return -EINVAL;
	if (!has_width(width))
		return -ENOTSUP;
	aes = calloc(1, sizeof(*aes));
	if (!aes)
		return -ENOMEM;
	aes->width = width;
	aes->mode = mode;
	aes->keys = secret_new(sizeof(*keys));
	if (!aes->keys)
		return -ENOMEM;
	keys = (struct keys *)secret_data(aes->keys);
	keys->rounds = expand_key(key, size, keys->data);
	invert_keys(keys->data, keys->rounds);
	expand_key(mode == AES_X86_XTS ? key + size : key, size, keys->iv);
	*ret_aes = TAKE(aes);
	return 0;
}

void aes_x86_decrypt(const struct aes_x86 *aes, uint64_t number, uint64_t step, uint8_t *data,
		     size_t count, uint32_t size)
{
	const struct keys *keys = (const struct keys *)secret_bytes(aes->keys);
	bool xts = aes->mode == AES_X86_XTS;

	if (aes->width == AES_X86_VAES512)
		run_512(keys, xts, number, step, data, count, size);
	else
		run_256(keys, xts, number, step, data, count, size);
}

void aes_x86_free(struct aes_x86 *aes)
{
	if (!aes)
		return;
	secret_free(aes->keys);
	free(aes);
}

#else /* other processors: crypto/sector.c takes another way */

int aes_x86_new(enum aes_x86_width width, enum aes_x86_mode mode, const uint8_t *key,
		size_t key_size, struct aes_x86 **ret_aes)
{
	(void)width, (void)mode, (void)key, (void)key_size, (void)ret_aes;
	return -ENOTSUP;
}

void aes_x86_decrypt(const struct aes_x86 *aes, uint64_t number, uint64_t step, uint8_t *data,
		     size_t count, uint32_t size)
{
	(void)aes, (void)number, (void)step, (void)data, (void)count, (void)size;
}

void aes_x86_free(struct aes_x86 *aes)
{
	(void)aes;
}

#endif
