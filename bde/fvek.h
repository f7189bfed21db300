/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a volume's method and full volume encryption key (FVEK) to the keys of its sector cipher. */
#ifndef ADEFUSE_BDE_FVEK_H
#define ADEFUSE_BDE_FVEK_H

#include "base/secret.h"
#include "crypto/sector.h"

/*
 * `ret_keys` points into the FVEK. -ENOTSUP: the method is not known; -EINVAL: its FVEK has another
 * size. Pure; any thread.
 */
int fvek_sector_keys(uint16_t method, const struct secret *fvek, struct sector_keys *ret_keys);

#endif
