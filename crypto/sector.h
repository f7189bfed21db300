/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sector cipher: from a volume's method and key to plaintext sectors. Works on runs of sectors,
 * in place; how they are batched is its own affair.
 *
 * Threads: one cipher may decrypt in any number of threads at once.
 */
#ifndef ADEFUSE_CRYPTO_SECTOR_H
#define ADEFUSE_CRYPTO_SECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/* Bytes of full volume encryption key (FVEK) that a method takes; 0: the method is not known. */
size_t sector_key_size(uint16_t method);

/* Ways to the same bytes, from the plainest to the fastest. */
enum sector_way {
	SECTOR_LIBRARY, /* one call of OpenSSL a sector: what the others are checked against */
	SECTOR_BULK,	/* one for many sectors; little-endian processors */
	SECTOR_AESNI,	/* the processor's AES instructions; enum aes_x86_width */
	SECTOR_VAES,
	SECTOR_VAES512,
	SECTOR_WAYS
};

const char *sector_way_name(enum sector_way way); /* "library", ... */

struct sector_cipher;

/*
 * `method` is one of enum bde_method, `sector_size` 512 or 4096. The key is copied. Takes the
 * fastest way that this processor has and that decrypts a few sectors here and now to what
 * SECTOR_LIBRARY makes of them. -ENOTSUP for a method or sector size that is not known, -EINVAL
 * when the key is not of the method's size, -ENOMEM, -EIO.
 */
int sector_cipher_new(uint16_t method, const struct secret *fvek, uint32_t sector_size,
		      struct sector_cipher **ret_cipher);

/* This way, unchecked. -ENOTSUP also when the processor has it not. */
int sector_cipher_new_way(uint16_t method, const struct secret *fvek, uint32_t sector_size,
			  enum sector_way way, struct sector_cipher **ret_cipher);

enum sector_way sector_cipher_way(const struct sector_cipher *cipher);

/*
 * Decrypt `count` sectors in place, the first of which stands at byte `offset` of the volume (a
 * multiple of the sector size): the initialisation vectors come from there. 0 or -errno, and then
 * the buffer's content is undefined.
 */
int sector_cipher_decrypt(struct sector_cipher *cipher, uint64_t offset, uint8_t *buffer,
			  size_t count);

void sector_cipher_free(struct sector_cipher *cipher);
DEFINE_CLEANUP(struct sector_cipher, sector_cipher_free)

#endif
