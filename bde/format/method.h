/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Encryption methods, and how each lays out its full volume encryption key (FVEK). Pure; nothing
 * here owns memory but the secrets that are returned. Any thread.
 *
 *   AES-XTS        data key, tweak key
 *   AES-CBC        the key
 *   with diffuser  64 bytes: the key at 0, the key for the sector keys at 32; with AES-128 the
 *                  second half of each place is not used
 *
 * Source: J. Metz, "BitLocker Drive Encryption (BDE) format specification", encryption methods.
 */
#ifndef ADEFUSE_BDE_FORMAT_METHOD_H
#define ADEFUSE_BDE_FORMAT_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

enum bde_method {		  /* values as on disk */
	BDE_METHOD_NONE = 0x0000, /* decrypted volumes */
	BDE_METHOD_CBC_128_DIFFUSER = 0x8000,
	BDE_METHOD_CBC_256_DIFFUSER = 0x8001,
	BDE_METHOD_CBC_128 = 0x8002,
	BDE_METHOD_CBC_256 = 0x8003,
	BDE_METHOD_XTS_128 = 0x8004,
	BDE_METHOD_XTS_256 = 0x8005,
};

/* "AES-XTS 256" and so on; "unknown" for a value not in the list. */
const char *bde_method_name(uint16_t method);

/* Bytes of an FVEK; 0: the method is not known, or encrypts nothing. */
size_t method_fvek_size(uint16_t method);

/* The keys in an FVEK. */
struct method_keys {
	bool xts;	      /* else CBC */
	size_t size;	      /* of each key, bytes */
	const uint8_t *data;  /* within the FVEK */
	const uint8_t *tweak; /* XTS: the tweak key; CBC: the diffuser's key, or NULL: none */
};

/* False when the method is not known or an FVEK of it does not have this size. */
bool method_split_fvek(uint16_t method, const struct secret *fvek, struct method_keys *ret_keys);

/* Bytes of the keys alone, one after the other as people write them down; 0 as method_fvek_size().
 */
size_t method_keys_size(uint16_t method);

/* The FVEK from such keys, which have method_keys_size() bytes. NULL when out of memory. */
struct secret *method_join_keys(uint16_t method, const struct secret *keys);

#endif
