/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hexadecimal digits, in either case and in no locale. Pure. */
#ifndef ADEFUSE_BASE_TEXT_HEX_H
#define ADEFUSE_BASE_TEXT_HEX_H

/* 0 to 15; -1: none. */
static inline int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif
