/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Elephant diffuser, decrypting direction: the two unkeyed mixing passes that BitLocker put
 * around AES-CBC until Windows 7 (N. Ferguson, "AES-CBC + Elephant diffuser", 2006).
 */
#ifndef ADEFUSE_BDE_DIFFUSER_H
#define ADEFUSE_BDE_DIFFUSER_H

#include <stddef.h>
#include <stdint.h>

enum {
	DIFFUSER_SECTOR_MAX = 4096
};

/*
 * Undo diffuser B, then diffuser A, on one sector in place. `size`: a power of two from 64 to
 * DIFFUSER_SECTOR_MAX. Pure; any thread.
 */
void diffuser_decrypt(uint8_t *sector, size_t size);

#endif
