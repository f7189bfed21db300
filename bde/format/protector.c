/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * VMK datum, body: GUID of the protector, u64 time of change, u16, u16 type, then datums, of which
 * these matter:
 *
 *   AES-CCM      the VMK, wrapped under the key of the protector
 *   stretch key  (password, recovery password) the salt; its own datums are copies of the
 *                stretched key under the VMK, for Windows to keep
 *   key          (clear key) the key itself
 *   text         a name
 */
#include "bde/format/protector.h"

static void take_part(const struct datum *datum, struct protector *protector)
{
	struct cursor body = datum->body;
	struct datum_key key;

	switch (datum->type) {
	case DATUM_CCM:
		if (protector->vmk.size == 0)
			(void)datum_read_ccm(datum, &protector->vmk);
		break;
	case DATUM_STRETCH:
		cursor_skip(&body, 4); /* method */
		protector->salt = cursor_bytes(&body, DATUM_SALT_SIZE);
		break;
	case DATUM_KEY:
		if (datum_read_key(datum, &key) && key.size == DATUM_CCM_KEY_SIZE)
			protector->clear_key = key.key;
		break;
	case DATUM_TEXT:
		protector->name_utf16 = body;
		break;
	default:
		break;
	}
}

bool protector_parse(const struct datum *datum, struct protector *ret_protector)
{
	struct protector protector = {0};
	struct cursor body = datum->body;
	struct datum part;

	protector.id = guid_read(&body);
	protector.modified = cursor_le64(&body);
	cursor_skip(&body, 2);
	protector.type = cursor_le16(&body);
	if (body.bad)
		return false;
	while (datum_next(&body, &part) > 0)
		take_part(&part, &protector);
	*ret_protector = protector;
	return true;
}
