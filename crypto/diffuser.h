/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Elephant diffuser, decrypting direction: the two unkeyed mixing passes that BitLocker put
 * around AES-CBC until Windows 7 (N. Ferguson, "AES-CBC + Elephant diffuser", 2006).
 */
#ifndef ADEFUSE_CRYPTO_DIFFUSER_H
#define ADEFUSE_CRYPTO_DIFFUSER_H

#include <stddef.h>
#include <stdint.h>

enum {
	DIFFUSER_SECTOR_MAX = 4096,
	DIFFUSER_LANES = 8, /* sectors that go through at once */
	DIFFUSER_MASK_SIZE = 32
};

/* Which instructions are used: those that every processor of this kind has, or these of x86-64. */
enum diffuser_level {
	DIFFUSER_PLAIN,
	DIFFUSER_AVX2,
	DIFFUSER_AVX512, /* AVX512F and AVX512VL: turning a word is one instruction */
};

/*
 * Undo diffuser B, then diffuser A, on one sector in place. `size`: a power of two from 64 to
 * DIFFUSER_SECTOR_MAX. Pure; any thread.
 */
void diffuser_decrypt(uint8_t *sector, size_t size);

/*
 * The same on DIFFUSER_LANES consecutive sectors, and then XOR each with its mask, repeated.
 * Little-endian processors only. The caller has checked that this processor has the level.
 */
void diffuser_decrypt_lanes(uint8_t *sectors, size_t size,
			    const uint8_t (*masks)[DIFFUSER_MASK_SIZE], enum diffuser_level level);

#endif
