/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong but not fatal (a bad checksum, a repaired table), collected while opening, so that
 * the caller can show it as warnings and in a report.
 *
 * Owned by the caller, who frees the lines with notes_clear(); one thread. Text is made safe for a
 * terminal like an error's. At most NOTES_MAX are kept, so that hostile input cannot grow it: the
 * last one then says that there were more.
 */
#ifndef ADEFUSE_BASE_NOTES_H
#define ADEFUSE_BASE_NOTES_H

#include <stddef.h>

#include "base/cleanup.h"

enum {
	NOTES_MAX = 64
};

struct notes {
	size_t count;
	char *text[NOTES_MAX];
};

/* Format and keep a line; without memory it is dropped. `notes` may be NULL. */
void notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Free the lines and leave it empty. */
void notes_clear(struct notes *notes);
DEFINE_CLEAR(struct notes, notes_clear)

#endif
