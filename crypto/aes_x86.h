/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sectors in AES-XTS or AES-CBC by the processor's AES instructions on vectors of several blocks
 * (VAES), in one pass over the data, with as many blocks under way as the processor takes. A crypto
 * library is called once a sector, and each call starts slowly. Only what decrypting sectors of 512
 * or 4096 bytes needs.
 *
 * With one block an instruction (AES-NI) this is no more than 1.1x as fast as the library's own use
 * of the same instructions (crypto/xts.h, crypto/sector.c), which such processors take.
 *
 * These instructions take the same time for all keys and data: nothing leaks through caches.
 *
 * Threads: constant after aes_x86_new(), so any number of calls may run at once.
 */
#ifndef ADEFUSE_CRYPTO_AES_X86_H
#define ADEFUSE_CRYPTO_AES_X86_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum aes_x86_width {	/* by the instructions that each needs */
	AES_X86_VAES,	/* VAES and AVX2: two blocks an instruction */
	AES_X86_VAES512 /* VAES and AVX-512 (F, BW, and VL for the diffuser): four */
};

enum aes_x86_mode {
	AES_X86_XTS, /* key: data key, then tweak key */
	AES_X86_CBC
};

struct aes_x86;

/* `key_size` 32 or 64 for XTS, 16 or 32 for CBC, else -EINVAL. -ENOMEM; -ENOTSUP when this
 * processor, or the system that saves its registers, does not have this width. */
int aes_x86_new(enum aes_x86_width width, enum aes_x86_mode mode, const uint8_t *key,
		size_t key_size, struct aes_x86 **ret_aes);

/*
 * Decrypt `count` sectors of `size` bytes (512 or 4096) in place. The first has this number, and
 * each next one `step` more. A sector's number, encrypted, is its first tweak (under the tweak key)
 * or its initialisation vector (under the key itself). For BitLocker: XTS has the number of the
 * data unit and 1, CBC the offset in bytes and `size`.
 */
void aes_x86_decrypt(const struct aes_x86 *aes, uint64_t number, uint64_t step, uint8_t *data,
		     size_t count, uint32_t size);

void aes_x86_free(struct aes_x86 *aes);
DEFINE_CLEANUP(struct aes_x86, aes_x86_free)

#endif
