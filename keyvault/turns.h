/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose turn it is in a search: which identifiers and candidates can still be of use, and what is
 * asked for ahead of its turn.
 *
 * What is needed anyway is asked for early (ahead.h): the names, the newest candidate of each
 * identifier and of each drive letter, the versions of those. Of an older duplicate nothing is
 * asked before the newer one has failed.
 *
 * Threads: the search's alone.
 */
#ifndef ADEFUSE_KEYVAULT_TURNS_H
#define ADEFUSE_KEYVAULT_TURNS_H

#include "keyvault/ade.h"
#include "keyvault/ahead.h"
#include "keyvault/request.h"

enum turns_phase {
	TURNS_BY_NAME, /* of the identifiers, as names of secrets */
	TURNS_CURRENT, /* of the candidates: their current versions */
	TURNS_OLDER,   /* of the candidates: their other versions */
};

struct turns {
	struct vault_client *client;
	const struct keyvault_request *request;
	struct ahead *ahead;
	struct ade_candidates candidates; /* filled by the search, before their turns begin */
	enum turns_phase phase;
	size_t turn;		  /* index of the identifier or candidate that is tried now */
	bool prepared;		  /* the vault is known, and somebody has signed in */
	struct object_id **names; /* for each identifier */
	bool *accepted;		  /* the same */
	bool *present;		  /* the same: a secret of that name is there, and has been tried */
};

/* All arguments are the caller's and outlive it. The caller clears it in any case. */
int turns_init(struct turns *turns, struct vault_client *client, const struct url *vault,
	       const struct keyvault_request *request, struct err *err);
void turns_clear(struct turns *turns);

/* Whether an identifier can still use a BEK. */
bool turns_id_is_wanted(const struct turns *turns, size_t index);
bool turns_any_id_is_wanted(const struct turns *turns);

/* Whether a candidate can still be of use. */
bool turns_candidate_is_wanted(const struct turns *turns, const struct ade_candidate *candidate);

/*
 * Do the job of the present turn: get the secret, or list its versions. The first one finds out
 * whom to ask, and signs in, before others ask. Errors are the job's.
 */
void turns_take(struct turns *turns, struct ahead_job *job);

/* The present turn is skipped: what was asked for it is not needed. */
void turns_skip(struct turns *turns);

#endif
