/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run over KEYS: what open/unlock.c and open/unlock_vault.c share. One thread. */
#ifndef ADEFUSE_OPEN_ATTEMPT_H
#define ADEFUSE_OPEN_ATTEMPT_H

#include "open/unlock.h"

struct attempt {
	struct survey *survey;
	const struct options *options;
	struct unlock_plan *plan;  /* for a preview: nothing is fetched; else NULL */
	struct keyvault *keyvault; /* made when first needed */
	size_t keys_tried;
	struct err misfit;  /* why the last key did not fit; with several volumes: one of them */
	struct err failure; /* the first search that could not be finished (network, permission,
			       ...) */
};

/* A key could help: locked, and nothing else stands in the way. */
bool attempt_wants_key(const struct survey_volume *volume);
bool attempt_anything_locked(const struct survey *survey);

/*
 * One key on every volume that is still locked. Whether it opened one. `bek` is the BEK file it
 * came from, `origin` where that came from; NULL for other keys.
 */
bool attempt_try_key(struct attempt *attempt, const struct bde_key *key, const struct secret *bek,
		     const struct keyvault_origin *origin);

void attempt_copy_origin(const struct keyvault_origin *origin, struct survey_origin *ret_origin);

/* --vault, --secret, --azure-json. Fails only when the option itself is wrong. */
int attempt_try_cloud(struct attempt *attempt, const struct key_option *option, struct err *err);

#endif
