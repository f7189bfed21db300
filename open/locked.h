/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a volume stays locked, in words for its user. Inside open/ only. */
#ifndef ADEFUSE_OPEN_LOCKED_H
#define ADEFUSE_OPEN_LOCKED_H

#include "open/attempt.h"

/* Set the volume's reason, after all keys of the attempt were tried. */
void locked_explain(const struct attempt *attempt, struct opened_volume *volume);

#endif
