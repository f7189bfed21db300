/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which protectors a key is for and what unlocking yields, as the files of bde/ share it; unlocking
 * itself is in bde.h.
 */
#ifndef ADEFUSE_BDE_UNLOCK_H
#define ADEFUSE_BDE_UNLOCK_H

#include "bde/bde.h"

struct bde_unlocked {
	struct guid volume_id; /* of the metadata it was unlocked with */
	struct secret *fvek;
	bool unproven; /* the user gave the FVEK: nothing has shown that it is this volume's */
};

/* By its kind, and for a BEK by its identifier. */
bool unlock_may_fit(const struct bde_key *key, const struct bde_protector *protector);

/* Fill err (ERR_KEY) with what would open the volume instead of this key. Returns -ENOKEY. */
int unlock_no_fit(const struct bde_metadata *metadata, const struct bde_key *key, struct err *err);

/*
 * An FVEK from the user, in the layout of the volume's method (enum bde_method). -ENOKEY (ERR_KEY)
 * when it is for another method or has another size. Nothing else is checked.
 */
int unlock_take_fvek(const struct bde_key *key, uint16_t method, struct secret **ret_fvek,
		     struct err *err);

#endif
