/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small BitLocker volume in memory with its plaintext, for unit tests and fuzzing. Every sector
 * is encrypted on its own by straight calls of OpenSSL and a textbook diffuser: the reference that
 * bde/ is held against. Sizes are as small as the format allows; real ones come from tests/mkade.
 */
#ifndef ADEFUSE_TESTS_BDE_MADE_H
#define ADEFUSE_TESTS_BDE_MADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MADE_SIZE = 1 << 20,
	MADE_HEADER_SIZE = 8192,
	MADE_HEADER_AT = 0x30000,
	MADE_COPY_1 = 0x40000,
	MADE_COPY_2 = 0x80000,
	MADE_COPY_3 = 0xc0000,
	MADE_DATUMS_AT = 112, /* in a copy */
	MADE_BEK_SIZE = 156,
	MADE_BEK_SIZE_NEW = 180,
};

/* Protectors to put on it, in this order; each password costs a second of stretching. */
enum {
	MADE_BEK = 1,
	MADE_CLEAR = 2,
	MADE_PASSWORD = 4, /* made_password */
	MADE_RECOVERY = 8, /* made_recovery */
};

extern const char made_password[];	    /* UTF-8, not ASCII */
extern const uint8_t made_password_utf16[]; /* the same as Windows hashes it */
extern const size_t made_password_utf16_size;
extern const char made_recovery[];
extern const uint8_t made_bek_id[16];
extern const uint8_t made_bek_key[32];

struct made {
	uint16_t method;
	uint32_t sector_size;
	uint8_t disk[MADE_SIZE];
	uint8_t plain[MADE_SIZE];
	uint8_t vmk[32];
	uint8_t fvek[64];
	size_t fvek_size;
	uint32_t place_flags; /* of the place datum as newer Windows writes it; 0: the older one */
};

/* malloc'ed; free() it. Deterministic. Ends the test when the library fails. */
struct made *made_new(uint16_t method, uint32_t sector_size, unsigned int protectors);

/* The same with the longer place datum: bit 8 of `place_flags` says encrypt-on-write. */
struct made *made_new_flags(uint16_t method, uint32_t sector_size, unsigned int protectors,
			    uint32_t place_flags);

/* Put the plaintext into [start, end) of the disk, as if that had not been encrypted; with the
 * header when its place is among it. BitLocker's own structures stay. */
void made_decrypt(struct made *made, size_t start, size_t end);

/*
 * After a change to the metadata block at `at`: put its CRC right, and with `rehash` the hash under
 * the VMK too. Nothing is done when its size leads out of the disk.
 */
void made_seal(struct made *made, size_t at, bool rehash);
void made_fix_crc(uint8_t *disk, size_t disk_size, size_t at);

/* Bytes protected by CRC, from the size field of the block at `at`. */
size_t made_block_size(const uint8_t *disk, size_t at);

/* A BEK file of either layout. `out` has room for MADE_BEK_SIZE_NEW; the size is returned. */
size_t made_bek(bool newer, uint8_t *out);

/* One sector of `size` bytes at volume offset `offset`, encrypted in place. */
void made_encrypt_sector(uint16_t method, const uint8_t *fvek, uint64_t offset, uint8_t *sector,
			 size_t size);

/* AES-256-CCM: tag, then ciphertext, to `out` (16 + size bytes). */
void made_ccm(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *data, size_t size,
	      uint8_t *out);

void made_put(uint8_t *at, uint64_t value, size_t bytes); /* little-endian */

#endif
