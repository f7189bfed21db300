/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Elephant diffuser, decrypting direction: the two unkeyed mixing passes that BitLocker put
 * around AES-CBC until Windows 7 (N. Ferguson, "AES-CBC + Elephant diffuser", 2006).
 */
#ifndef ADEFUSE_BDE_DIFFUSER_H
#define ADEFUSE_BDE_DIFFUSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIFFUSER_SECTOR_MAX = 4096,
	DIFFUSER_LANES = 8, /* sectors that go through at once */
	DIFFUSER_MASK_SIZE = 32
};

/*
 * Undo diffuser B, then diffuser A, on one sector in place. `size`: a power of two from 64 to
 * DIFFUSER_SECTOR_MAX. Pure; any thread.
 */
void diffuser_decrypt(uint8_t *sector, size_t size);

/*
 * The same on DIFFUSER_LANES sectors that follow one another, and then XOR each with its mask,
 * repeated. Little-endian processors only. `avx2`: that this processor has it.
 */
void diffuser_decrypt_lanes(uint8_t *sectors, size_t size,
			    const uint8_t (*masks)[DIFFUSER_MASK_SIZE], bool avx2);

#endif
