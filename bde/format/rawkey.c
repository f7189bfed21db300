/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hexadecimal text or bytes → a key; see rawkey.h. What has only printable ASCII is text: of keys
 * of 16 random bytes, one in five million has. So a text with a wrong character is reported as
 * such, and not used as a key of another size.
 */
#include "bde/format/rawkey.h"

#include <errno.h>

#include "base/text/hex.h"

static bool is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_text(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!is_space(data[i]) && (data[i] < ' ' || data[i] > '~'))
			return false;
	}
	return true;
}

static int parse_text(const uint8_t *data, size_t size, struct secret **ret_key, struct err *err)
{
	struct secret *key CLEANUP(secret_free) = secret_new(size / 2 + 1);
	size_t digits = 0;

	if (!key)
		return err_nomem(err);
	for (size_t i = 0; i < size; i++) {
		int value = hex_digit(data[i]);

		if (value < 0 && (is_space(data[i]) || data[i] == ':'))
			continue;
		if (value < 0)
			return err_set(err, ERR_KEY, EINVAL,
				       "character %zu is not a hexadecimal digit", i + 1);
		secret_data(key)[digits / 2] |= (uint8_t)(digits % 2 ? value : value << 4);
		digits++;
	}
	if (digits % 2)
		return err_set(err, ERR_KEY, EINVAL, "an odd number of hexadecimal digits: %zu",
			       digits);
	secret_truncate(key, digits / 2);
	*ret_key = TAKE(key);
	return 0;
}

int rawkey_parse(const uint8_t *data, size_t size, struct secret **ret_key, struct err *err)
{
	struct secret *key;

	if (is_text(data, size))
		return parse_text(data, size, ret_key, err);
	key = secret_copy(data, size);
	if (!key)
		return err_nomem(err);
	*ret_key = key;
	return 0;
}
