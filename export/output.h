/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an export writes: a regular file, whose zeros stay holes; a block device, whose zeros are
 * written, for it holds something else before; or a stream (standard output, a pipe), front to
 * back.
 *
 * Threads: one writer. Reading and syncing of the same `fd` may go on beside it.
 */
#ifndef ADEFUSE_EXPORT_OUTPUT_H
#define ADEFUSE_EXPORT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

enum output_kind {
	OUTPUT_FILE,
	OUTPUT_DEVICE,
	OUTPUT_STREAM,
};

struct output {
	const char *path;      /* the caller's */
	const char *disk_path; /* what is read, for messages */
	struct stat disk;      /* and must not be written */
	enum output_kind kind;
	bool to_stdout; /* `path` is a word for it, no name */
	bool present;	/* a file with something in it */
	int fd;		/* -1: not open */
	uint64_t end;	/* of a file: its size */
	bool no_punch;	/* a device that cannot be told to hold zeros */
};

/* What stands at `path` ("-" is standard output) and whether it may be written. Opens nothing. */
int output_examine(const char *path, const char *disk_path, const struct stat *disk,
		   struct output *ret_output, struct err *err);

/* That nothing of the disk lies at a path beside it, which is going to be replaced. */
int output_check_beside(const struct output *output, const char *path, struct err *err);

/*
 * Open it to write `size` bytes, of which the first `keep` are there already: a file is cut behind
 * them. Another export that is at work on it is refused, and a device that is mounted or too small;
 * one with something on it too, unless `force`.
 */
int output_open(struct output *output, uint64_t size, uint64_t keep, bool force, struct err *err);
void output_close(struct output *output);

/*
 * 0 or -errno; -EINTR when a signal came that asks to end (cli/interrupt.h). To a stream, offsets
 * come in order and without gaps.
 */
int output_write(struct output *output, const uint8_t *data, size_t length, uint64_t offset);
int output_zeros(struct output *output, uint64_t length, uint64_t offset);

/* Drop what a file has behind `end`: of a full file system that makes room for the state. */
void output_cut(struct output *output, uint64_t end);

/* Exactly `length` bytes of what was written; 0 or -errno. Not of a stream. */
int output_read(const struct output *output, uint8_t *buffer, size_t length, uint64_t offset);

/* `errnum` (positive) came of writing. Returns -errnum. */
int output_failed(const struct output *output, int errnum, struct err *err);

#endif
