/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GUIDs as Windows and GPT store them: 16 bytes, the first three fields little-endian (RFC 4122's
 * text form of the same value has them big-endian).
 */
#ifndef ADEFUSE_BASE_TEXT_GUID_H
#define ADEFUSE_BASE_TEXT_GUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"

struct guid {
	uint8_t bytes[16]; /* as on disk */
};

enum {
	GUID_TEXT_SIZE = 37
};

struct guid_text {
	char text[GUID_TEXT_SIZE];
};

/* 8-4-4-4-12 digits in upper case, as manage-bde and ADE write them; returned by value for printf.
 */
struct guid_text guid_format(const struct guid *guid);

/* Either case, with or without braces; `length` bytes of text exactly. */
bool guid_parse(const char *text, size_t length, struct guid *ret_guid);

bool guid_equal(const struct guid *a, const struct guid *b);
bool guid_is_zero(const struct guid *guid);
struct guid guid_read(struct cursor *cursor);

#endif
