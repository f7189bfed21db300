/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run over the keys of a request: what came of those tried so far, and trying the next one on
 * every volume that is still locked. Inside open/ only. One thread.
 */
#ifndef ADEFUSE_OPEN_ATTEMPT_H
#define ADEFUSE_OPEN_ATTEMPT_H

#include "keyvault/request.h"
#include "open/open.h"

struct attempt {
	struct opened_disk *disk;
	const struct open_request *request;
	struct open_plan *plan; /* of a preview: nothing is fetched; else NULL */
	struct entra *entra;	/* made when it is first needed, as the next */
	struct keyvault *keyvault;
	size_t keys_tried;
	struct err misfit; /* why the last key did not fit; with several volumes: one of them */
	struct err
		failure; /* of the first search that could not be finished (network, permission) */
};

/* A key could help: the volume is locked, and nothing else is in the way. */
bool attempt_wants_key(const struct opened_volume *volume);
bool attempt_wants_any(const struct attempt *attempt);

/*
 * Try one key on every volume that is still locked. Whether it opened one. `bek` is the BEK file
 * that it was made of, `origin` where that came from; NULL for other keys.
 */
bool attempt_try_key(struct attempt *attempt, const struct bde_key *key, const struct secret *bek,
		     const struct keyvault_origin *origin);

/* The clear key that the disk itself has while BitLocker is suspended; on the volumes that have
 * one. */
int attempt_try_clear_key(struct attempt *attempt, struct err *err);

/* A key that cannot be tried on any volume, and why. */
void attempt_note_misfit(struct attempt *attempt, const struct err *err);

/* A search that failed: remembered, not fatal, because another key may still open the volume. */
void attempt_note_failure(struct attempt *attempt, const struct err *err);

#endif
