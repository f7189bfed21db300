/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copying a source to a file, a block device or a stream: with holes where it is zeros, to be
 * resumed after an interruption, and read back if asked.
 *
 *	struct export_plan plan = {.path = "copy.raw", .disk_path = "osdisk.vhd", .verify = true};
 *	struct err err = {0};
 *	int result;
 *
 *	file_status(disk, &plan.disk);
 *	result = export_examine(&plan, &err);		before keys are asked for
 *	plan.source = plain;				the disk, opened and unlocked
 *	plan.what = "disk";
 *	plan.identity = "disk-size 136367309312\nvolume 0\n";
 *	plan.callbacks = (struct export_callbacks){.stop = is_interrupted};
 *	if (result == 0)
 *		result = export_run(&plan, &err);
 *	if (result == -EINTR && err.kind == ERR_NONE)
 *		puts("stopped: the same export continues from there");
 *	else if (result < 0)
 *		fprintf(stderr, "%s; %s\n", err.message, err.hint);
 *
 * Beside OUT it keeps two files: OUT.adefuse-export says how far it came (export/resume.h) until it
 * is complete, OUT.unreadable lists what could not be read. Neither for a stream.
 *
 * Ownership: all that a plan points to stays the caller's. Between export_examine() and
 * export_run() a plan holds nothing that has to be freed.
 *
 * Threads: one export a plan. It reads, hashes and syncs in threads of its own (export/pipeline.h,
 * export/keeper.h), which take no signals and have ended when export_run() returns. It writes in
 * the caller's thread. A write that waits (a pipe that nobody empties) ends when a signal
 * interrupts it and `stop` is true then: install that signal's handler without SA_RESTART. SIGPIPE
 * and SIGXFSZ should be ignored, so that they become errors.
 *
 * Errors: 0 or -errno with err, but for -EINTR after `stop`, where err stays as it was.
 */
#ifndef ADEFUSE_EXPORT_EXPORT_H
#define ADEFUSE_EXPORT_EXPORT_H

#include <stdbool.h>

#include "disk/source.h"
#include "export/callbacks.h"
#include "export/output.h"

struct export_plan {
	/* For export_examine(): */
	const char *path;      /* OUT; "-" is standard output */
	const char *disk_path; /* what is read, for messages */
	struct stat disk;      /* its status: nothing that holds it is written */
	bool vhd;	       /* a fixed VHD: a footer follows the bytes */
	bool force;	       /* overwrite what is there, start from the beginning */
	bool verify;	       /* read OUT back and compare */
	bool skip_unreadable;  /* zeros where the source cannot be read, listed at the end */

	/* For export_run() besides: */
	struct source *source;
	const char *what;     /* "disk", "p3": for people */
	const char *identity; /* lines that only the same export has; see export/resume.h */
	struct export_callbacks callbacks;

	struct output output; /* filled by export_examine() */
};

/* Whether OUT may be written. Opens nothing. ERR_USAGE when not. */
int export_examine(struct export_plan *plan, struct err *err);

/*
 * Copy. ERR_USAGE when something is there already that is not to be overwritten or cannot be
 * resumed; ERR_DISK when the source cannot be read, and with `skip_unreadable` when all else was
 * copied; ERR_DIFFER when OUT, read back, differs; ERR_OTHER when OUT cannot be written.
 */
int export_run(struct export_plan *plan, struct err *err);

#endif
