/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps the state file of an export (export/resume.h): every few seconds what has been written
 * since is synced, and then noted. It is replaced as a whole (written beside it, renamed), so a
 * crash at any moment leaves a true one.
 *
 * Threads: a thread of its own syncs and writes, so that the writer does not wait for the medium;
 * what the writer tells it is under its lock.
 */
#ifndef ADEFUSE_EXPORT_KEEPER_H
#define ADEFUSE_EXPORT_KEEPER_H

#include "base/err.h"
#include "base/ranges.h"

struct keeper;

/*
 * `path` and `identity` stay the caller's, and outlive it; a NULL path keeps no file, only the list
 * of what was unreadable, which is taken over from `unreadable`. `fd` is what is written. The state
 * is written once at once. 0, or -errno with err.
 */
int keeper_start(const char *path, const char *identity, int fd, uint64_t done,
		 struct ranges *unreadable, struct keeper **ret_keeper, struct err *err);

/* All below `done` is written. -errno when an earlier sync or state failed: writing on is no use.
 */
int keeper_note(struct keeper *keeper, uint64_t done);

/* Bytes that were left as zeros; before they are noted as done. As ranges_add(). */
int keeper_note_unreadable(struct keeper *keeper, uint64_t offset, uint64_t length);

/* For the writer alone. */
const struct ranges *keeper_unreadable(const struct keeper *keeper);

/* All is done: end the thread and remove the state file. Syncs nothing. */
void keeper_remove(struct keeper *keeper);

/* NULL is allowed. A state file that was not removed is first brought up to date. */
void keeper_free(struct keeper *keeper);
DEFINE_CLEANUP(struct keeper, keeper_free)

#endif
