/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of an export's state file, from which the same command goes on after an interruption:
 *
 *   adefuse-export 1
 *   disk-size 136367309312          what is exported, in lines that the caller makes ("identity"):
 *   ...                             equal texts, same export
 *   done 1073741824                 bytes of OUT that are written and synced
 *   unreadable 4096 512             offset and length, any number of them
 *   end
 *
 * Pure. The file is the user's and may hold anything: it is parsed to the letter or refused.
 */
#ifndef ADEFUSE_EXPORT_RESUME_H
#define ADEFUSE_EXPORT_RESUME_H

#include "base/ranges.h"

struct resume {
	char *identity; /* malloc'ed lines, each with its line end */
	uint64_t done;
	struct ranges unreadable; /* below `done` */
};

void resume_clear(struct resume *resume);
static inline __attribute__((unused)) void resume_clear_cleanup(struct resume *resume)
{
	resume_clear(resume);
}

/* -EINVAL when it is not such a text; -ENOMEM. */
int resume_parse(const char *text, size_t size, struct resume *ret_resume);

/* malloc'ed; NULL when out of memory. */
char *resume_format(const char *identity, uint64_t done, const struct ranges *unreadable);

/* Where two identities differ first: the name of that line, "disk-size". False when they do not. */
struct resume_name {
	char text[32];
};
bool resume_differs(const char *a, const char *b, struct resume_name *ret_name);

#endif
