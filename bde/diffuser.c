/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elephant, decrypting. The sector is an array d of n little-endian 32-bit words on a circle. Each
 * step adds to a word a mix of two others, which later steps have already or not yet changed: the
 * order of the loop is part of the definition.
 *
 *   B, 3 cycles:  d[i] += d[i + 2] ^ rotl(d[i + 5], {0, 10, 0, 25}[i % 4])
 *   A, 5 cycles:  d[i] += d[i - 2] ^ rotl(d[i - 5], {9, 0, 13, 0}[i % 4])
 */
#include "bde/diffuser.h"

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
