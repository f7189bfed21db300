/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base64 of secrets. Own code because library decoders (OpenSSL's EVP_DecodeBlock) copy through
 * buffers that are not wiped, know one alphabet only and accept what is malformed. No table
 * look-ups indexed by secret bytes, so that caches do not tell them.
 */
#include "base/text/base64.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* All ones when lo <= c <= hi, else zero; c, lo, hi below 256. */
static uint32_t in_range(uint32_t c, uint32_t lo, uint32_t hi)
{
	return (((lo - 1U - c) & (c - hi - 1U)) >> 31) ? UINT32_MAX : 0;
}

/* Value of a digit, or 64 and above when it is none. */
static uint32_t digit_value(uint32_t c)
{
	uint32_t value = 0;

	value |= in_range(c, 'A', 'Z') & (c - 'A' + 1);
	value |= in_range(c, 'a', 'z') & (c - 'a' + 26 + 1);
	value |= in_range(c, '0', '9') & (c - '0' + 52 + 1);
	value |= (in_range(c, '+', '+') | in_range(c, '-', '-')) & (62 + 1);
	value |= (in_range(c, '/', '/') | in_range(c, '_', '_')) & (63 + 1);
	return value - 1U; /* no match: UINT32_MAX */
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool mixed_alphabets(const char *text, size_t length)
{
	bool standard = memchr(text, '+', length) || memchr(text, '/', length);
	bool url = memchr(text, '-', length) || memchr(text, '_', length);

	return standard && url;
}

/* Strip white space and padding; false when the padding is wrong. */
static bool trim(const char **text, size_t *length)
{
	size_t padding = 0;

	while (*length > 0 && is_space((*text)[0])) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && is_space((*text)[*length - 1]))
		(*length)--;
	while (*length > 0 && (*text)[*length - 1] == '=') {
		(*length)--;
		padding++;
	}
	if (padding > 0 && (padding > 2 || (*length + padding) % 4 != 0))
		return false;
	return *length % 4 != 1;
}

int base64_decode(const char *text, size_t length, struct secret **ret_bytes)
{
	struct secret *out CLEANUP(secret_free) = NULL;
	uint32_t bits = 0;
	unsigned int count = 0;
	uint32_t invalid = 0;
	uint8_t *p;

	if (!trim(&text, &length) || mixed_alphabets(text, length))
		return -EINVAL;
	out = secret_new(length / 4 * 3 + 2);
	if (!out)
		return -ENOMEM;
	p = secret_data(out);
	for (size_t i = 0; i < length; i++) {
		uint32_t value = digit_value((unsigned char)text[i]);

		invalid |= value & ~63U;
		bits = bits << 6 | (value & 63);
		count += 6;
		if (count >= 8) {
			count -= 8;
			*p++ = (uint8_t)(bits >> count);
			bits &= (1U << count) - 1;
		}
	}
	if (invalid || bits)
		return -EINVAL;
	secret_truncate(out, (size_t)(p - secret_data(out)));
	*ret_bytes = TAKE(out);
	return 0;
}

/* A digit of the standard alphabet, or of the URL one. */
static char digit(uint32_t value, bool url)
{
	uint32_t c = 0;

	c |= in_range(value, 1, 25) & ('A' + value);
	c |= (value == 0 ? UINT32_MAX : 0) & 'A';
	c |= in_range(value, 26, 51) & ('a' + value - 26);
	c |= in_range(value, 52, 61) & ('0' + value - 52);
	c |= in_range(value, 62, 62) & (url ? '-' : '+');
	c |= in_range(value, 63, 63) & (url ? '_' : '/');
	return (char)c;
}

static struct secret *encode(const void *data, size_t size, bool url)
{
	const uint8_t *p = data;
	struct secret *out;
	char *q;

	if (size > SECRET_MAX / 2)
		return NULL;
	out = secret_new((size + 2) / 3 * 4);
	if (!out)
		return NULL;
	q = (char *)secret_data(out);
	for (size_t i = 0; i < size; i += 3) {
		size_t have = size - i < 3 ? size - i : 3;
		uint32_t group = (uint32_t)p[i] << 16;

		if (have > 1)
			group |= (uint32_t)p[i + 1] << 8;
		if (have > 2)
			group |= p[i + 2];
		for (size_t k = 0; k < 4; k++) {
			if (k <= have)
				*q++ = digit(group >> (18 - 6 * k) & 63, url);
			else if (!url)
				*q++ = '=';
		}
	}
	secret_truncate(out, (size_t)(q - (char *)secret_data(out)));
	return out;
}

struct secret *base64_encode_url(const void *data, size_t size)
{
	return encode(data, size, true);
}

struct secret *base64_encode(const void *data, size_t size)
{
	return encode(data, size, false);
}
