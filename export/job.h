/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An export at work, for its three parts: prepare.c (what to do), copy.c (doing it), finish.c (what
 * is left when all pieces are written). Each returns 0 or -errno as export_run() does.
 */
#ifndef ADEFUSE_EXPORT_JOB_H
#define ADEFUSE_EXPORT_JOB_H

#include "crypto/crypto.h"
#include "export/export.h"
#include "export/keeper.h"
#include "export/resume.h"

struct export_job {
	const struct export_plan *plan;
	struct output *output;
	char *state_path;     /* NULL: a stream */
	char *list_path;      /* of what could not be read; NULL: a stream */
	uint64_t content;     /* bytes of the source */
	uint64_t total;	      /* bytes that OUT has in the end */
	struct resume before; /* what an earlier export did; all zeros: nothing */
	struct keeper *keeper;
	struct crypto_hash *hash; /* NULL: no sum is asked for */

	uint64_t started; /* clock_ms() */
	uint64_t done;	  /* bytes of the source */
	uint64_t written; /* of these, data */
};

/* Start or resume: opens OUT, checks what is there, starts the keeper. Copies nothing. */
int export_prepare(struct export_job *job, struct err *err);

int export_copy(struct export_job *job, struct err *err);

/* Feed `hash` with what an earlier export wrote. */
int export_hash_written(struct export_job *job, struct err *err);

/* Footer, sync, reading back, sum, list; removes the state file. */
int export_finish(struct export_job *job, struct err *err);

#endif
