/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GUID text form; see guid.h. */
#include "base/text/guid.h"

#include <stdio.h>
#include <string.h>

#include "base/text/hex.h"

/* Where each byte of the text form stands on disk. */
static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static bool dash_before(unsigned int byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

struct guid_text guid_format(const struct guid *guid)
{
	struct guid_text out = {0};
	char *p = out.text;

	for (unsigned int i = 0; i < 16; i++) {
		if (dash_before(i))
			*p++ = '-';
		p += snprintf(p, 3, "%02X", guid->bytes[order[i]]);
	}
	*p = '\0';
	return out;
}

bool guid_parse(const char *text, size_t length, struct guid *ret_guid)
{
	struct guid guid;

	if (length == GUID_TEXT_SIZE + 1 && text[0] == '{' && text[length - 1] == '}') {
		text++;
		length -= 2;
	}
	if (length != GUID_TEXT_SIZE - 1)
		return false;
	for (unsigned int i = 0; i < 16; i++) {
		int high;
		int low;

		if (dash_before(i) && *text++ != '-')
			return false;
		high = hex_digit((unsigned char)*text++);
		low = hex_digit((unsigned char)*text++);
		if (high < 0 || low < 0)
			return false;
		guid.bytes[order[i]] = (uint8_t)(high << 4 | low);
	}
	*ret_guid = guid;
	return true;
}

bool guid_equal(const struct guid *a, const struct guid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool guid_is_zero(const struct guid *guid)
{
	static const struct guid zero;

	return guid_equal(guid, &zero);
}

struct guid guid_read(struct cursor *cursor)
{
	struct guid guid = {0};

	cursor_copy(cursor, guid.bytes, sizeof(guid.bytes));
	return guid;
}
