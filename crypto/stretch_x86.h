/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stretch's rounds by the processor's SHA instructions: its input has the same two blocks in
 * every round, of which only the hash and a number change, so all stays in registers; a library
 * is called for each round anew.
 *
 * Threads: any. Pure.
 */
#ifndef ADEFUSE_CRYPTO_STRETCH_X86_H
#define ADEFUSE_CRYPTO_STRETCH_X86_H

#include <stdbool.h>
#include <stdint.h>

#include "bde/format/datum.h"
#include "crypto/crypto.h"

/* Whether this processor has them. */
bool stretch_x86_has(void);

/*
 * Rounds `from` up to `to`, without it, of what stretch.c describes; `hash` is the one of the
 * round before, and then of the last. Only when stretch_x86_has().
 */
void stretch_x86_run(const uint8_t initial[CRYPTO_SHA256_SIZE], const uint8_t salt[DATUM_SALT_SIZE],
		     uint32_t from, uint32_t to, uint8_t hash[CRYPTO_SHA256_SIZE]);

#endif
