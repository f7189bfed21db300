/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copying a source to a file, device or stream: the pipeline's pieces go to export/output in the
 * caller's thread and, for --hash, to SHA-256 in another; export/keeper notes how far it came in a
 * third.
 */
#ifndef ADEFUSE_EXPORT_EXPORT_H
#define ADEFUSE_EXPORT_EXPORT_H

#include <stdbool.h>

#include "disk/source.h"
#include "export/output.h"

struct export_plan {
	struct source *source; /* what is copied */
	const char *what;      /* "disk", "p3": for people */
	const char *identity;  /* what makes it the same export; see export/resume.h */
	struct output *output; /* examined, not open; opened and closed here */
	const char *name;      /* of it, as the user gave it */
	bool vhd;
	bool force;
	bool verify;
	bool hash;
	bool skip_unreadable;
};

/*
 * 0 when all was copied; -EINTR with no error in `err` when a signal ended it. Else -errno with
 * err: ERR_DISK also when all was copied but for what could not be read, ERR_DIFFER when what was
 * read back is not what was read.
 */
int export_run(const struct export_plan *plan, struct err *err);

#endif
