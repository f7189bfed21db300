/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datums ("entries"): the typed records that BitLocker's metadata, protectors and BEK files are
 * lists of. Pure readers of bytes that the caller keeps alive.
 */
#ifndef ADEFUSE_BDE_FORMAT_DATUM_H
#define ADEFUSE_BDE_FORMAT_DATUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/text/guid.h"

enum { /* where a datum is used */
	DATUM_ROLE_PROTECTOR = 0x0002,
	DATUM_ROLE_FVEK = 0x0003,
	DATUM_ROLE_STARTUP_KEY = 0x0006,
	DATUM_ROLE_DESCRIPTION = 0x0007,
	DATUM_ROLE_HEADER_PLACE = 0x000f,
};

enum { /* what it holds */
	DATUM_KEY = 0x0001,
	DATUM_TEXT = 0x0002,
	DATUM_STRETCH = 0x0003,
	DATUM_CCM = 0x0005,
	DATUM_VMK = 0x0008,
	DATUM_EXTERNAL_KEY = 0x0009,
	DATUM_PLACE = 0x000f,
};

enum { /* bytes */
	DATUM_SALT_SIZE = 16,
	DATUM_CCM_KEY_SIZE = 32, /* of a key that a datum is wrapped under */
	DATUM_CCM_NONCE_SIZE = 12,
	DATUM_CCM_TAG_SIZE = 16,
};

/*
 * The version is ignored: Windows 11 has a higher one without changing the fields that are read
 * here.
 */
struct datum {
	uint16_t role;
	uint16_t type;
	struct cursor body; /* after the 8 bytes of header */
};

/*
 * Take the next datum off a list. 1 and *ret_datum; 0 at the end, which zeros may pad; -EINVAL when
 * its size is impossible. A list always ends: a datum has at least 8 bytes.
 */
int datum_next(struct cursor *list, struct datum *ret_datum);

struct datum_ccm {
	const uint8_t *nonce; /* DATUM_CCM_NONCE_SIZE bytes */
	const uint8_t *tag;   /* DATUM_CCM_TAG_SIZE bytes */
	const uint8_t *data;
	size_t size; /* of data; 0: there is no such datum */
};

struct datum_key {
	uint16_t method;
	const uint8_t *key;
	size_t size;
};

/* False when the body is too short. */
bool datum_read_ccm(const struct datum *datum, struct datum_ccm *ret_ccm);
bool datum_read_key(const struct datum *datum, struct datum_key *ret_key);

#endif
