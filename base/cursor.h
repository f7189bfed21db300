/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bounded reading of bytes from outside. A cursor never reads past its end: a read that does not
 * fit yields zeros, moves to the end and sets `bad`, which stays set; parsers check it once after
 * a group of fields. Sub-cursors are bounded by their parent.
 *
 * It owns nothing: the bytes outlive it.
 */
#ifndef ADEFUSE_BASE_CURSOR_H
#define ADEFUSE_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *data;
	size_t left;
	bool bad;
};

struct cursor cursor_make(const void *data, size_t size);

uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_le16(struct cursor *cursor);
uint32_t cursor_le32(struct cursor *cursor);
uint64_t cursor_le64(struct cursor *cursor);
uint32_t cursor_be32(struct cursor *cursor);
uint64_t cursor_be64(struct cursor *cursor);

/* Copy `size` bytes out; zeros when they are not there. */
void cursor_copy(struct cursor *cursor, void *out, size_t size);

/* Pointer to the next `size` bytes, or NULL (and bad) when they are not there. */
const uint8_t *cursor_bytes(struct cursor *cursor, size_t size);

void cursor_skip(struct cursor *cursor, size_t size);

/* The next `size` bytes as a cursor of their own; a bad, empty one when they are not there. */
struct cursor cursor_sub(struct cursor *cursor, size_t size);

#endif
