/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The jobs of a search, done by other threads ahead of their turn. The search starts what it will
 * need, takes the results in its own order, and does itself what was not started: so that nothing
 * but the time depends on the threads.
 *
 * Threads: one thread, the search's, calls all of these. Up to AHEAD_MAX others do jobs, each with
 * a connection and a client of its own, and call nothing of the caller's. Signals are not theirs to
 * handle: the search's thread looks at the session's `interrupted` while it waits, and stops them.
 */
#ifndef ADEFUSE_KEYVAULT_AHEAD_H
#define ADEFUSE_KEYVAULT_AHEAD_H

#include "keyvault/ade.h"
#include "keyvault/bek_fetch.h"

enum {
	/*
	 * Requests of a search at once. A vault allows thousands in ten seconds; more threads
	 * would gain less than the handshakes of their connections cost.
	 */
	AHEAD_MAX = 8
};

enum ahead_kind {
	AHEAD_FETCH,	/* bek_fetch() */
	AHEAD_VERSIONS, /* versions_list() */
};

struct ahead_job {
	enum ahead_kind kind;
	const struct object_id *id; /* the caller's; outlives the job */
	int result;		    /* from here on: what came of it */
	struct err err;
	struct bek_fetch_result fetched;
	struct ade_candidates versions;
};

void ahead_job_clear(struct ahead_job *job);
DEFINE_CLEAR(struct ahead_job, ahead_job_clear)

struct ahead;

/*
 * `client` and `kek` (--kek, or NULL) outlive it; `now` is what versions_list() takes, in seconds
 * since 1970. NULL: no memory.
 */
struct ahead *ahead_new(struct vault_client *client, const char *kek, int64_t now);

/* Ends what is being done, and all threads. */
void ahead_free(struct ahead *ahead);
DEFINE_CLEANUP(struct ahead, ahead_free)

/*
 * Begin a job; true also when it was begun before. False: all workers have one, done or not, or no
 * thread can be started. Before the first job the vault's challenge must be known
 * (vault_prepare()), so that nobody is asked to sign in from another thread.
 */
bool ahead_start(struct ahead *ahead, enum ahead_kind kind, const struct object_id *id);

/*
 * Do the job: wait for it if it was begun, else do it now (and keep to AHEAD_MAX requests at
 * once).
 */
void ahead_take(struct ahead *ahead, struct ahead_job *job);

/* The job is not needed any more. */
void ahead_drop(struct ahead *ahead, enum ahead_kind kind, const struct object_id *id);

#endif
