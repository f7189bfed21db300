/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys from within BitLocker as other tools write them down: hexadecimal digits, or the bytes
 * themselves. Pure.
 */
#ifndef ADEFUSE_BDE_FORMAT_RAWKEY_H
#define ADEFUSE_BDE_FORMAT_RAWKEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

enum {
	RAWKEY_VMK_SIZE = 32,
	RAWKEY_FVEK_MAX = 64,
	RAWKEY_FILE_SIZE = 66, /* dislocker's FVEK file: u16 method, then 64 bytes */
};

/*
 * The key in `size` bytes: printable text is read as hexadecimal digits, with white space and ':'
 * anywhere between them; all else is the key itself, every byte of it. -EINVAL with err filled
 * (ERR_KEY): which character is wrong, never the character.
 */
int rawkey_parse(const uint8_t *data, size_t size, struct secret **ret_key, struct err *err);

#endif
