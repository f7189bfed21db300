/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recovery passwords: 48 digits in 8 groups, each of which carries its own check. Pure. */
#ifndef ADEFUSE_BDE_FORMAT_RECOVERY_H
#define ADEFUSE_BDE_FORMAT_RECOVERY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	RECOVERY_GROUPS = 8,
	RECOVERY_KEY_SIZE = 16
};

/*
 * Digits with dashes, white space or nothing between the groups; white space around is ignored.
 * -EINVAL with err filled (ERR_KEY): the number of the first wrong group (from 1) and why, never
 * its digits.
 */
int recovery_parse(const char *text, size_t length, uint8_t ret_key[RECOVERY_KEY_SIZE],
		   struct err *err);

#endif
