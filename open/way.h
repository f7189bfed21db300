/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ways to get a key: one function for each kind, which gets what the user gave, makes keys of it
 * and tries them (attempt.h). open/unlock.c has the table. Inside open/ only.
 *
 * Each returns 0 also when its key fits nothing or a search failed, which the attempt remembers. A
 * negative errno means that the user's words cannot be used at all, and ends the run.
 */
#ifndef ADEFUSE_OPEN_WAY_H
#define ADEFUSE_OPEN_WAY_H

#include "open/attempt.h"

int way_bek(struct attempt *attempt, const struct open_key *given, struct err *err);

/* A recovery password, password, VMK or FVEK that is read from a SRC. */
int way_secret(struct attempt *attempt, const struct open_key *given, struct err *err);

int way_vault(struct attempt *attempt, const struct open_key *given, struct err *err);
int way_vault_secret(struct attempt *attempt, const struct open_key *given, struct err *err);
int way_azure_json(struct attempt *attempt, const struct open_key *given, struct err *err);

/* The end of the session with the vaults, if there was one. */
void way_vault_end(struct attempt *attempt);

#endif
