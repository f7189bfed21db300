/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sector cipher: from keys to plaintext sectors. It works on runs of sectors, in place, and
 * batches them as it likes.
 *
 * Ownership: the cipher copies the keys. Threads: one cipher may decrypt in any number of threads
 * at once.
 */
#ifndef ADEFUSE_CRYPTO_SECTOR_H
#define ADEFUSE_CRYPTO_SECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum sector_mode {
	SECTOR_XTS,
	SECTOR_CBC,
	SECTOR_CBC_DIFFUSER, /* CBC with the Elephant diffuser */
};

/* What a cipher is made of: AES with one or two keys of the same size. */
struct sector_keys {
	enum sector_mode mode;
	size_t size;	      /* of each key, bytes: 16 or 32 */
	const uint8_t *data;  /* the key that the data is encrypted with */
	const uint8_t *tweak; /* XTS: the tweak key; diffuser: the key of the sector keys */
};

/* Ways to the same bytes, from the plainest to the fastest. */
enum sector_way {
	SECTOR_LIBRARY, /* one call of OpenSSL a sector: what the others are checked against */
	SECTOR_BULK,	/* one call for many sectors; little-endian processors */
	SECTOR_VAES,	/* the processor's AES instructions; enum aes_x86_width */
	SECTOR_VAES512,
	SECTOR_WAYS
};

const char *sector_way_name(enum sector_way way); /* "library", ... */

struct sector_cipher;

/*
 * `sector_size` is 512 or 4096. Takes the fastest way that this processor has and that decrypts a
 * few sectors here and now to what SECTOR_LIBRARY makes of them. -ENOTSUP for another sector size,
 * -EINVAL for another key size, -ENOMEM, -EIO.
 */
int sector_cipher_new(const struct sector_keys *keys, uint32_t sector_size,
		      struct sector_cipher **ret_cipher);

/* By this way, unchecked. -ENOTSUP also when the processor does not have it. */
int sector_cipher_new_way(const struct sector_keys *keys, uint32_t sector_size, enum sector_way way,
			  struct sector_cipher **ret_cipher);

enum sector_way sector_cipher_way(const struct sector_cipher *cipher);

/*
 * Decrypt `count` sectors in place. The first is at byte `offset` of the volume, a multiple of the
 * sector size: the initialisation vectors come from there. 0 or -errno, and then the buffer's
 * content is undefined.
 */
int sector_cipher_decrypt(struct sector_cipher *cipher, uint64_t offset, uint8_t *buffer,
			  size_t count);

void sector_cipher_free(struct sector_cipher *cipher);
DEFINE_CLEANUP(struct sector_cipher, sector_cipher_free)

#endif
