/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What unlocking yields, as the files of bde/ share it. */
#ifndef ADEFUSE_BDE_UNLOCKED_H
#define ADEFUSE_BDE_UNLOCKED_H

#include <stdbool.h>

#include "base/secret.h"
#include "base/text/guid.h"

struct bde_unlocked {
	struct guid volume_id; /* of the metadata it was unlocked with */
	struct secret *fvek;
	bool unproven; /* the user gave the FVEK: nothing has shown that it is this volume's */
};

#endif
