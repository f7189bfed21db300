/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elephant, decrypting. The sector is an array d of n little-endian 32-bit words on a circle. Each
 * step adds to a word a mix of two others. Some of these were changed by earlier steps and some
 * were not: the order of the loop is part of the definition.
 *
 *   B, 3 cycles:  d[i] += d[i + 2] ^ rotl(d[i + 5], {0, 10, 0, 25}[i % 4])
 *   A, 5 cycles:  d[i] += d[i - 2] ^ rotl(d[i - 5], {9, 0, 13, 0}[i % 4])
 */
#include "crypto/diffuser.h"

#include <string.h>

#include "base/secret.h"

enum {
	CYCLES_A = 5,
	CYCLES_B = 3
};

static uint32_t rotl(uint32_t value, unsigned int bits)
{
	return value << bits | value >> (-bits & 31);
}

static uint32_t load_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void store_le32(uint8_t *p, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static void undo_b(uint32_t *d, size_t n)
{
	static const uint8_t turn[4] = {0, 10, 0, 25};

	for (size_t i = 0; i < n * CYCLES_B; i++)
		d[i & (n - 1)] += d[(i + 2) & (n - 1)] ^ rotl(d[(i + 5) & (n - 1)], turn[i % 4]);
}

static void undo_a(uint32_t *d, size_t n)
{
	static const uint8_t turn[4] = {9, 0, 13, 0};

	for (size_t i = 0; i < n * CYCLES_A; i++)
		d[i & (n - 1)] += d[(i - 2) & (n - 1)] ^ rotl(d[(i - 5) & (n - 1)], turn[i % 4]);
}

void diffuser_decrypt(uint8_t *sector, size_t size)
{
	uint32_t d[DIFFUSER_SECTOR_MAX / 4];
	size_t n = size / 4;

	for (size_t i = 0; i < n; i++)
		d[i] = load_le32(sector + 4 * i);
	undo_b(d, n);
	undo_a(d, n);
	for (size_t i = 0; i < n; i++)
		store_le32(sector + 4 * i, d[i]);
}

/* ------------------------------------------------------- many sectors at once */

/*
 * One sector is a long chain of steps, each of which waits for the one before; but sectors are
 * independent. Each vector holds the same word of eight sectors, so that the eight take the time of
 * one.
 */
typedef uint32_t lanes __attribute__((vector_size(4 * DIFFUSER_LANES)));

#define INLINE __attribute__((always_inline)) static inline

/* not a function: how vectors are passed depends on the processor that it is compiled for */
#define TURNED(value, bits) ((value) << (bits) | (value) >> (32 - (bits)))

/* Rows become columns: within pairs, within fours, within all. */
INLINE void transpose(lanes rows[DIFFUSER_LANES])
{
	lanes pairs[DIFFUSER_LANES];
	lanes fours[DIFFUSER_LANES];

	for (unsigned int i = 0; i < 8; i += 2) {
		pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
		pairs[i + 1] =
			__builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
	}
	for (unsigned int i = 0; i < 8; i += 4) {
		for (unsigned int k = 0; k < 2; k++) {
			lanes a = pairs[i + k];
			lanes b = pairs[i + 2 + k];

			fours[i + 2 * k] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
			fours[i + 2 * k + 1] =
				__builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
		}
	}
	for (unsigned int i = 0; i < 4; i++) {
		lanes a = fours[i];
		lanes b = fours[i + 4];

		rows[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
		rows[i + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
	}
}

INLINE void gather(lanes *d, const uint8_t *sectors, size_t size)
{
	for (size_t i = 0; i < size / 4; i += DIFFUSER_LANES) {
		for (size_t k = 0; k < DIFFUSER_LANES; k++)
			memcpy(&d[i + k], sectors + k * size + 4 * i, sizeof(*d));
		transpose(d + i);
	}
}

INLINE void scatter(lanes *d, uint8_t *sectors, size_t size,
		    const uint8_t (*masks)[DIFFUSER_MASK_SIZE])
{
	lanes mask[DIFFUSER_LANES];

	memcpy(mask, masks, sizeof(mask));
	for (size_t i = 0; i < size / 4; i += DIFFUSER_LANES) {
		transpose(d + i);
		for (size_t k = 0; k < DIFFUSER_LANES; k++) {
			d[i + k] ^= mask[k];
			memcpy(sectors + k * size + 4 * i, &d[i + k], sizeof(*d));
		}
	}
	secret_wipe(mask, sizeof(mask));
}

/* Four steps of undo_b(); `next` and `after` are the next two groups of four words. */
INLINE void b_steps(lanes *d, const lanes *next, const lanes *after)
{
	d[0] += d[2] ^ next[1];
	d[1] += d[3] ^ TURNED(next[2], 10);
	d[2] += next[0] ^ next[3];
	d[3] += next[1] ^ TURNED(after[0], 25);
}

INLINE void undo_b_lanes(lanes *d, size_t n)
{
	for (unsigned int cycle = 0; cycle < CYCLES_B; cycle++) {
		for (size_t i = 0; i < n - 8; i += 4)
			b_steps(d + i, d + i + 4, d + i + 8);
		b_steps(d + n - 8, d + n - 4, d);
		b_steps(d + n - 4, d, d + 4);
	}
}

/* As undo_a(). A step reads what two and five steps before it wrote: kept at hand, not in memory.
 */
INLINE void undo_a_lanes(lanes *d, size_t n)
{
	lanes one = d[n - 1];
	lanes two = d[n - 2];
	lanes three = d[n - 3];
	lanes four = d[n - 4];
	lanes five = d[n - 5];

	for (unsigned int cycle = 0; cycle < CYCLES_A; cycle++) {
		for (size_t i = 0; i < n; i += 4) {
			lanes a = d[i] + (two ^ TURNED(five, 9));
			lanes b = d[i + 1] + (one ^ four);
			lanes c = d[i + 2] + (a ^ TURNED(three, 13));
			lanes e = d[i + 3] + (b ^ two);

			d[i] = a;
			d[i + 1] = b;
			d[i + 2] = c;
			d[i + 3] = e;
			five = one;
			four = a;
			three = b;
			two = c;
			one = e;
		}
	}
}

INLINE void decrypt_lanes(uint8_t *sectors, size_t size, const uint8_t (*masks)[DIFFUSER_MASK_SIZE])
{
	lanes d[DIFFUSER_SECTOR_MAX / 4];

	gather(d, sectors, size);
	undo_b_lanes(d, size / 4);
	undo_a_lanes(d, size / 4);
	scatter(d, sectors, size, masks);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void decrypt_lanes_avx2(
	uint8_t *sectors, size_t size, const uint8_t (*masks)[DIFFUSER_MASK_SIZE])
{
	decrypt_lanes(sectors, size, masks);
}

__attribute__((target("avx512f,avx512vl"))) static void decrypt_lanes_avx512(
	uint8_t *sectors, size_t size, const uint8_t (*masks)[DIFFUSER_MASK_SIZE])
{
	decrypt_lanes(sectors, size, masks);
}
#endif

static void decrypt_lanes_plain(uint8_t *sectors, size_t size,
				const uint8_t (*masks)[DIFFUSER_MASK_SIZE])
{
	decrypt_lanes(sectors, size, masks);
}

void diffuser_decrypt_lanes(uint8_t *sectors, size_t size,
			    const uint8_t (*masks)[DIFFUSER_MASK_SIZE], enum diffuser_level level)
{
#if defined(__x86_64__)
	if (level == DIFFUSER_AVX512) {
		decrypt_lanes_avx512(sectors, size, masks);
		return;
	}
	if (level == DIFFUSER_AVX2) {
		decrypt_lanes_avx2(sectors, size, masks);
		return;
	}
#endif
	(void)level;
	decrypt_lanes_plain(sectors, size, masks);
}
