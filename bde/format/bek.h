/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BEK files: a startup key ("external key") as Windows writes it. Pure. */
#ifndef ADEFUSE_BDE_FORMAT_BEK_H
#define ADEFUSE_BDE_FORMAT_BEK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text/guid.h"

enum {
	BEK_KEY_SIZE = 32,
	BEK_FILE_MAX = 65536, /* real ones have 156 or 180 bytes */
};

struct bek {
	struct guid protector_id;
	const uint8_t *key; /* BEK_KEY_SIZE bytes within the file's */
};

/*
 * -EINVAL with err filled (ERR_KEY): what is wrong, and at which byte of the file; the caller puts
 * the file's name in front.
 */
int bek_parse(const uint8_t *data, size_t size, struct bek *ret_bek, struct err *err);

#endif
