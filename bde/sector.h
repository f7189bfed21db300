/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sector cipher: from a volume's method and key to plaintext sectors. Works on runs of sectors,
 * in place; how they are batched is its own affair.
 *
 * Threads: one cipher may decrypt in any number of threads at once.
 */
#ifndef ADEFUSE_BDE_SECTOR_H
#define ADEFUSE_BDE_SECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/* Bytes of full volume encryption key (FVEK) that a method takes; 0: the method is not known. */
size_t sector_key_size(uint16_t method);

struct sector_cipher;

/*
 * `method` is one of enum bde_method, `sector_size` 512 or 4096. The key is copied. -ENOTSUP for a
 * method or sector size that is not known, -EINVAL when the key is not of the method's size,
 * -ENOMEM, -EIO.
 */
int sector_cipher_new(uint16_t method, const struct secret *fvek, uint32_t sector_size,
		      struct sector_cipher **ret_cipher);

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
