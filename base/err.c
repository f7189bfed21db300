/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formatting and prefixing of errors, and making foreign text safe to print. */
#include "base/err.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * Length of the well-formed UTF-8 sequence at p, or 0 (Unicode 15, table 3-7). The C1 control
 * characters (U+0080..U+009F) count as malformed: terminals act on them.
 */
static size_t sequence_length(const unsigned char *p)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		if ((p[1] & 0xc0) != 0x80 || (p[0] == 0xc2 && p[1] < 0xa0))
			return 0;
		return 2;
	}
	if (p[0] >= 0xe0 && p[0] <= 0xef) {
		unsigned char low = p[0] == 0xe0 ? 0xa0 : 0x80;
		unsigned char high = p[0] == 0xed ? 0x9f : 0xbf;

		if (p[1] < low || p[1] > high || (p[2] & 0xc0) != 0x80)
			return 0;
		return 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		unsigned char low = p[0] == 0xf0 ? 0x90 : 0x80;
		unsigned char high = p[0] == 0xf4 ? 0x8f : 0xbf;

		if (p[1] < low || p[1] > high || (p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80)
			return 0;
		return 4;
	}
	return 0;
}

void err_sanitise(char *text)
{
	unsigned char *p = (unsigned char *)text;

	while (*p) {
		size_t length = sequence_length(p);

		if (length == 0 || *p < 0x20 || *p == 0x7f) {
			*p++ = '?';
			continue;
		}
		p += length;
	}
}

void err_format(char *text, const char *format, va_list args)
{
	if (vsnprintf(text, ERR_TEXT_MAX, format, args) < 0)
		text[0] = '\0';
	err_sanitise(text);
}

static void fill(struct err *err, enum err_kind kind, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void fill(struct err *err, enum err_kind kind, const char *format, va_list args)
{
	err->kind = kind;
	err->hint[0] = '\0';
	err->lists_keys = false;
	err_format(err->message, format, args);
}

int err_set(struct err *err, enum err_kind kind, int errnum, const char *format, ...)
{
	va_list args;

	if (!err)
		return -errnum;
	va_start(args, format);
	fill(err, kind, format, args);
	va_end(args);
	return -errnum;
}

int err_errno(struct err *err, enum err_kind kind, int errnum, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!err)
		return -errnum;
	va_start(args, format);
	fill(err, kind, format, args);
	va_end(args);
	used = strlen(err->message);
	(void)snprintf(err->message + used, ERR_TEXT_MAX - used, ": %s", strerrordesc_np(errnum));
	return -errnum;
}

void err_hint(struct err *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	err_format(err->hint, format, args);
	va_end(args);
}

void err_prefix(struct err *err, const char *format, ...)
{
	char prefix[ERR_TEXT_MAX];
	size_t used;
	size_t rest;
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	err_format(prefix, format, args);
	va_end(args);
	used = strnlen(prefix, ERR_TEXT_MAX - 3);
	prefix[used++] = ':';
	prefix[used++] = ' ';
	rest = strnlen(err->message, ERR_TEXT_MAX - 1 - used);
	memcpy(prefix + used, err->message, rest);
	prefix[used + rest] = '\0';
	err_sanitise(prefix);
	memcpy(err->message, prefix, used + rest + 1);
}

int err_nomem(struct err *err)
{
	return err_set(err, ERR_OTHER, ENOMEM, "out of memory");
}
