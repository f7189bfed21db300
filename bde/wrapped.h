/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A key that the metadata stores wrapped: in AES-CCM under another key. The secret that is returned
 * belongs to the caller. Any thread.
 */
#ifndef ADEFUSE_BDE_WRAPPED_H
#define ADEFUSE_BDE_WRAPPED_H

#include <stdint.h>

#include "base/secret.h"
#include "bde/format/datum.h"

/*
 * Open `ccm`, which has a size, and take the bytes of the one key datum in it, with their method
 * (`ret_method` may be NULL). -EBADMSG: `key` does not fit; -EINVAL: it fits, but the content is
 * not a key; -ENOMEM, -EIO.
 */
int wrapped_open(const struct datum_ccm *ccm, const uint8_t key[DATUM_CCM_KEY_SIZE],
		 struct secret **ret_key, uint16_t *ret_method);

#endif
