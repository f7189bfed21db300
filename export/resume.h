/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of an export's state file, from which the same command goes on after an interruption:
 *
 *   adefuse-export 1
 *   disk-size 136367309312          what is exported, in lines that the caller makes: its identity.
 *   ...                             Equal identities are the same export
 *   done 1073741824                 bytes of the output that are written and synced
 *   unreadable 4096 512             offset and length, any number of such lines
 *   end
 *
 * Pure. The file is the user's and may hold anything: it is parsed strictly, or refused.
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
DEFINE_CLEAR(struct resume, resume_clear)

/* 0; -EINVAL when it is not such a text; -ENOMEM. */
int resume_parse(const char *text, size_t size, struct resume *ret_resume);

/* malloc'ed; NULL when out of memory. */
char *resume_format(const char *identity, uint64_t done, const struct ranges *unreadable);

/* The first line in which two identities differ, by its name: "disk-size". False: equal. */
struct resume_name {
	char text[32];
};
bool resume_differs(const char *a, const char *b, struct resume_name *ret_name);

#endif
