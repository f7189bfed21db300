/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-16LE, as Windows stores text, from and to UTF-8. */
#ifndef ADEFUSE_BASE_TEXT_UTF16_H
#define ADEFUSE_BASE_TEXT_UTF16_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/*
 * `size` bytes of UTF-16LE, up to the first zero unit, as a malloc'ed UTF-8 string for people. What
 * is not valid (lone surrogates, an odd last byte) becomes U+FFFD. NULL when out of memory.
 */
char *utf16_to_utf8(const uint8_t *data, size_t size);

/*
 * A secret UTF-8 text as UTF-16LE without a closing zero: what BitLocker hashes of a password.
 * -EILSEQ when it is not valid UTF-8, -ENOMEM. No normalisation: Windows does none.
 */
int utf16_from_secret(const struct secret *text, struct secret **ret_utf16);

#endif
