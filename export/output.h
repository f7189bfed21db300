/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an export writes: a regular file, where zeros become holes; a block device, where zeros are
 * written because it holds other bytes before; or a stream (standard output, a pipe), written from
 * start to end.
 *
 * Ownership: the strings and callbacks are the caller's and outlive it. An open output is closed by
 * output_close(), which takes one that is not open too.
 *
 * Threads: one writer. Other threads may read and sync the same `fd` meanwhile.
 */
#ifndef ADEFUSE_EXPORT_OUTPUT_H
#define ADEFUSE_EXPORT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "export/callbacks.h"

enum output_kind {
	OUTPUT_FILE,
	OUTPUT_DEVICE,
	OUTPUT_STREAM,
};

struct output {
	const char *path;
	const char *disk_path;			  /* what is read, for messages */
	struct stat disk;			  /* it must not be written */
	const struct export_callbacks *callbacks; /* set by the caller before anything is written */
	enum output_kind kind;
	bool to_stdout; /* `path` is then a description, not a name */
	bool present;	/* a file with something in it */
	int fd;		/* -1: not open */
	uint64_t end;	/* of a file: its size */
	bool no_punch;	/* a device that cannot discard to zeros */
};

/* What is at `path` ("-" is standard output), and whether it may be written. Opens nothing. */
int output_examine(const char *path, const char *disk_path, const struct stat *disk,
		   struct output *ret_output, struct err *err);

/* Refuse a path beside it, which is to be replaced, when it is the disk or lies on it. */
int output_check_beside(const struct output *output, const char *path, struct err *err);

/*
 * Open it to write `size` bytes, of which the first `keep` are there already: a file is cut after
 * them. Refuses a file that another export is writing, and a device that is mounted, too small, or
 * (without `force`) not empty.
 */
int output_open(struct output *output, uint64_t size, uint64_t keep, bool force, struct err *err);
void output_close(struct output *output);

/*
 * 0 or -errno; -EINTR when the callback `stop` says so, which is asked before each write to a
 * stream. To a stream, offsets come in order and without gaps.
 */
int output_write(struct output *output, const uint8_t *data, size_t length, uint64_t offset);
int output_zeros(struct output *output, uint64_t length, uint64_t offset);

/* Drop what a file has after `end`: on a full file system that makes room for the state. */
void output_cut(struct output *output, uint64_t end);

/* Exactly `length` bytes of what was written; 0 or -errno. Not of a stream. */
int output_read(const struct output *output, uint8_t *buffer, size_t length, uint64_t offset);

/* Describe a failed write: `errnum` is positive. Returns -errnum. */
int output_failed(const struct output *output, int errnum, struct err *err);

#endif
