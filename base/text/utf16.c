/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-16LE from and to UTF-8; see utf16.h. */
#include "base/text/utf16.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static char *put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	return p;
}

static uint32_t unit_at(const uint8_t *data, size_t index)
{
	return (uint32_t)data[2 * index] | (uint32_t)data[2 * index + 1] << 8;
}

char *utf16_to_utf8(const uint8_t *data, size_t size)
{
	size_t units = size / 2;
	char *text = malloc(units * 3 + 4); /* a unit takes at most three bytes */
	char *p = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < units; i++) {
		uint32_t c = unit_at(data, i);

		if (c == 0) {
			*p = '\0';
			return text;
		}
		if (c >= 0xd800 && c <= 0xdbff && i + 1 < units) {
			uint32_t low = unit_at(data, i + 1);

			if (low >= 0xdc00 && low <= 0xdfff) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i++;
			}
		}
		if (c >= 0xd800 && c <= 0xdfff)
			c = 0xfffd;
		p = put_utf8(p, c);
	}
	if (size % 2)
		p = put_utf8(p, 0xfffd);
	*p = '\0';
	return text;
}

/* One code point from well-formed UTF-8; false when it is not. Moves *p. */
static bool get_utf8(const uint8_t **p, const uint8_t *end, uint32_t *ret_c)
{
	static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = *(*p)++;
	unsigned int length = c < 0x80	 ? 1
			      : c < 0xc0 ? 0
			      : c < 0xe0 ? 2
			      : c < 0xf0 ? 3
			      : c < 0xf8 ? 4
					 : 0;

	if (length == 0 || (size_t)(end - *p) + 1 < length)
		return false;
	if (length > 1)
		c &= 0x7fU >> length;
	for (unsigned int i = 1; i < length; i++) {
		uint8_t next = *(*p)++;

		if ((next & 0xc0) != 0x80)
			return false;
		c = c << 6 | (next & 0x3fU);
	}
	if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	*ret_c = c;
	return true;
}

static uint8_t *put_unit(uint8_t *p, uint32_t unit)
{
	*p++ = (uint8_t)unit;
	*p++ = (uint8_t)(unit >> 8);
	return p;
}

int utf16_from_secret(const struct secret *text, struct secret **ret_utf16)
{
	const uint8_t *p = secret_bytes(text);
	const uint8_t *end = p + secret_size(text);
	struct secret *out CLEANUP(secret_free) = NULL;
	uint8_t *q;

	out = secret_new(2 * secret_size(text)); /* a byte of UTF-8 yields at most one unit */
	if (!out)
		return -ENOMEM;
	q = secret_data(out);
	while (p < end) {
		uint32_t c = 0;

		if (!get_utf8(&p, end, &c))
			return -EILSEQ;
		if (c >= 0x10000) {
			q = put_unit(q, 0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		q = put_unit(q, c);
	}
	secret_truncate(out, (size_t)(q - secret_data(out)));
	*ret_utf16 = TAKE(out);
	return 0;
}
