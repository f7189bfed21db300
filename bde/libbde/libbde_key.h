/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Giving libbde the key that the user has, in the form that it wants. One thread. */
#ifndef ADEFUSE_BDE_LIBBDE_LIBBDE_KEY_H
#define ADEFUSE_BDE_LIBBDE_LIBBDE_KEY_H

#include <libbde.h>

#include "bde/bde.h"

/* -ENOTSUP with err (ERR_DISK): libbde takes no key of this kind (a VMK). `key` may be NULL. */
int libbde_key_check(const struct bde_key *key, struct err *err);

/*
 * To a volume that is not open yet; libbde copies what it needs. `key` NULL: none. -ENOKEY
 * (ERR_KEY): libbde does not take it, or an FVEK is not one of `method`; -ENOMEM.
 */
int libbde_key_give(libbde_volume_t *volume, uint16_t method, const struct bde_key *key,
		    struct err *err);

#endif
