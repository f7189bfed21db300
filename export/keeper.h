/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps the state file of an export (export/resume.h): every few seconds it syncs what has been
 * written, then notes how far that is. The file is replaced as a whole (a new one is written beside
 * it and renamed), so that after a crash at any moment it tells the truth.
 *
 * Threads: its own thread syncs and writes, so that the writer does not wait for the medium. One
 * thread, the writer, calls the functions; what both share is under a lock.
 */
#ifndef ADEFUSE_EXPORT_KEEPER_H
#define ADEFUSE_EXPORT_KEEPER_H

#include "base/err.h"
#include "base/ranges.h"

struct keeper;

/*
 * `path` and `identity` stay the caller's and outlive it; with a NULL path it keeps no file, only
 * the list of unreadable ranges, which it takes over from `unreadable`. `fd` is the output. The
 * state is written once before it returns. 0, or -errno with err.
 */
int keeper_start(const char *path, const char *identity, int fd, uint64_t done,
		 struct ranges *unreadable, struct keeper **ret_keeper, struct err *err);

/* All below `done` is written. -errno when an earlier sync or state failed: then give up. */
int keeper_note(struct keeper *keeper, uint64_t done);

/* Bytes that were left as zeros, before they are noted as done. Returns as ranges_add(). */
int keeper_note_unreadable(struct keeper *keeper, uint64_t offset, uint64_t length);

/* What was noted. For the writer alone. */
const struct ranges *keeper_unreadable(const struct keeper *keeper);

/* The export is complete: end the thread and remove the state file. Syncs nothing. */
void keeper_remove(struct keeper *keeper);

/* NULL is allowed. Updates a state file that was not removed. */
void keeper_free(struct keeper *keeper);
DEFINE_CLEANUP(struct keeper, keeper_free)

#endif
