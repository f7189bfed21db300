/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounded reading of bytes from outside; see cursor.h. */
#include "base/cursor.h"

#include <string.h>

struct cursor cursor_make(const void *data, size_t size)
{
	return (struct cursor){.data = data, .left = size};
}

const uint8_t *cursor_bytes(struct cursor *cursor, size_t size)
{
	const uint8_t *bytes = cursor->data;

	if (cursor->bad || size > cursor->left) {
		cursor->bad = true;
		cursor->left = 0;
		return NULL;
	}
	if (size > 0) {
		cursor->data += size;
		cursor->left -= size;
	}
	return bytes;
}

static uint64_t little_endian(struct cursor *cursor, size_t size)
{
	const uint8_t *bytes = cursor_bytes(cursor, size);
	uint64_t value = 0;

	for (size_t i = 0; bytes && i < size; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static uint64_t big_endian(struct cursor *cursor, size_t size)
{
	const uint8_t *bytes = cursor_bytes(cursor, size);
	uint64_t value = 0;

	for (size_t i = 0; bytes && i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint8_t cursor_u8(struct cursor *cursor)
{
	return (uint8_t)little_endian(cursor, 1);
}

uint16_t cursor_le16(struct cursor *cursor)
{
	return (uint16_t)little_endian(cursor, 2);
}

uint32_t cursor_le32(struct cursor *cursor)
{
	return (uint32_t)little_endian(cursor, 4);
}

uint64_t cursor_le64(struct cursor *cursor)
{
	return little_endian(cursor, 8);
}

uint32_t cursor_be32(struct cursor *cursor)
{
	return (uint32_t)big_endian(cursor, 4);
}

uint64_t cursor_be64(struct cursor *cursor)
{
	return big_endian(cursor, 8);
}

void cursor_copy(struct cursor *cursor, void *out, size_t size)
{
	const uint8_t *bytes = cursor_bytes(cursor, size);

	if (bytes && size > 0)
		memcpy(out, bytes, size);
	else if (size > 0)
		memset(out, 0, size);
}

void cursor_skip(struct cursor *cursor, size_t size)
{
	(void)cursor_bytes(cursor, size);
}

struct cursor cursor_sub(struct cursor *cursor, size_t size)
{
	const uint8_t *bytes = cursor_bytes(cursor, size);

	return (struct cursor){.data = bytes, .left = bytes ? size : 0, .bad = !bytes};
}
