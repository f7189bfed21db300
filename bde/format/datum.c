/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datum layouts, little-endian. Header: u16 size with header, u16 role, u16 type, u16 version.
 * Bodies:
 *
 *   key           u32 method, key bytes
 *   text          UTF-16LE with a closing zero
 *   stretch key   u32 method, 16 bytes salt, datums
 *   AES-CCM       12 bytes nonce (u64 time, u32 counter), 16 bytes tag, ciphertext
 *   VMK           GUID, u64 time, u16, u16 protector type, datums            (protector.c)
 *   external key  GUID, u64 time, datums                                     (bek.c)
 *   place         u64 offset, u64 size, on newer volumes datums
 */
#include "bde/format/datum.h"

#include <errno.h>

enum {
	HEADER_SIZE = 8
};

static bool all_zero(const struct cursor *cursor)
{
	for (size_t i = 0; i < cursor->left; i++) {
		if (cursor->data[i] != 0)
			return false;
	}
	return true;
}

int datum_next(struct cursor *list, struct datum *ret_datum)
{
	struct datum datum;
	uint16_t size;

	if (list->bad)
		return -EINVAL;
	if (all_zero(list))
		return 0;
	size = cursor_le16(list);
	datum.role = cursor_le16(list);
	datum.type = cursor_le16(list);
	(void)cursor_le16(list); /* version */
	if (list->bad || size < HEADER_SIZE)
		return -EINVAL;
	datum.body = cursor_sub(list, size - HEADER_SIZE);
	if (list->bad)
		return -EINVAL;
	*ret_datum = datum;
	return 1;
}

bool datum_read_ccm(const struct datum *datum, struct datum_ccm *ret_ccm)
{
	struct cursor body = datum->body;
	struct datum_ccm ccm;

	ccm.nonce = cursor_bytes(&body, DATUM_CCM_NONCE_SIZE);
	ccm.tag = cursor_bytes(&body, DATUM_CCM_TAG_SIZE);
	ccm.size = body.left;
	ccm.data = cursor_bytes(&body, ccm.size);
	if (body.bad || ccm.size == 0)
		return false;
	*ret_ccm = ccm;
	return true;
}

bool datum_read_key(const struct datum *datum, struct datum_key *ret_key)
{
	struct cursor body = datum->body;
	struct datum_key key;

	key.method = (uint16_t)cursor_le32(&body);
	key.size = body.left;
	key.key = cursor_bytes(&body, key.size);
	if (body.bad || key.size == 0)
		return false;
	*ret_key = key;
	return true;
}
