/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing BitLocker's datums. Layout, little endian:
 *
 *   0  u16 size with this header
 *   2  u16 role: what it is for (in libbde's words the entry type)
 *   4  u16 type: how it is laid out (value type)
 *   6  u16 flags, 1 on most
 *   8  data; some types end in a list of datums
 */
#ifndef MKADE_DATUM_H
#define MKADE_DATUM_H

#include <stddef.h>
#include <stdint.h>

#include "tests/mkade/bde/cipher.h"
#include "tests/mkade/util.h"

enum datum_role {
	ROLE_PROPERTY = 0x00,
	ROLE_VMK = 0x02,
	ROLE_FVEK = 0x03,
	ROLE_STARTUP_KEY = 0x06,
	ROLE_DESCRIPTION = 0x07,
	ROLE_AUTO_UNLOCK = 0x0b,
	ROLE_VIRTUALIZATION = 0x0f,
	ROLE_RECOVERY_PLAIN = 0x12,
	ROLE_RECOVERY_STRETCHED = 0x13,
	ROLE_VOLUME_GUID = 0x19,
};

enum datum_type {
	TYPE_KEY = 0x01,
	TYPE_UNICODE = 0x02,
	TYPE_STRETCH_KEY = 0x03,
	TYPE_USE_KEY = 0x04,
	TYPE_CCM_KEY = 0x05,
	TYPE_TPM_BLOB = 0x06,
	TYPE_VMK = 0x08,
	TYPE_EXTERNAL_KEY = 0x09,
	TYPE_ASYMMETRIC_KEY = 0x0c,
	TYPE_PUBLIC_KEY_INFO = 0x0e,
	TYPE_VIRTUALIZATION = 0x0f,
	TYPE_BACKUP_INFO = 0x15,
	TYPE_GUID = 0x17,
};

/* What a key is used for: the u16 before it. */
enum key_type {
	KEY_RECOVERY_PASSWORD = 0x1000,
	KEY_PASSWORD = 0x1001,
	KEY_CLEAR = 0x2000,
	KEY_EXTERNAL = 0x2002,
	KEY_VMK = 0x2003,
	KEY_PIN = 0x2004,
	KEY_HASH = 0x2005,
	KEY_STRETCHED_PASSWORD = 0x2007,
	KEY_STRETCHED_RECOVERY = 0x2008,
};

struct buf {
	uint8_t *p;
	size_t n, cap;
};

void buf_bytes(struct buf *b, const void *p, size_t n);
void buf_zero(struct buf *b, size_t n);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);

/* Returns the mark for datum_end(), which fills in the size. */
size_t datum_begin(struct buf *b, uint16_t role, uint16_t type, uint16_t flags);
void datum_end(struct buf *b, size_t mark);

/* Every CCM datum on a volume has its own nonce: the time and a counter. */
struct nonce {
	uint64_t filetime;
	uint32_t counter;
};

void datum_unicode(struct buf *b, uint16_t role, const char *text);
void datum_key(struct buf *b, uint16_t key_type, const uint8_t *key, size_t n);
void datum_ccm(struct buf *b, uint16_t role, const uint8_t under[VMK_LEN], struct nonce *nonce,
	       uint16_t key_type, const uint8_t *key, size_t n);

#endif
