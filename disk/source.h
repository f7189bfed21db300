/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A byte source: everything that yields bytes. A file, a VHD, a partition, a decrypted volume and
 * the reassembled plain disk are all sources stacked on one another.
 *
 * Threads: source_pread() may be called by any number of threads at once; source_ref() and
 * source_unref() too. The size never changes.
 *
 * Ownership: a source is counted. A constructor returns it with one reference, which the caller
 * owns. A layer takes its own reference to the one below on success, so the caller still owns (and
 * drops) its own.
 */
#ifndef ADEFUSE_DISK_SOURCE_H
#define ADEFUSE_DISK_SOURCE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct source;

enum source_extent {
	SOURCE_DATA, /* to be read: any bytes, or an error */
	SOURCE_ZERO, /* reads as zeros; known without reading */
};

struct source_ops {
	const char *name; /* of the kind of layer, for messages: "file", "vhd", "slice" */

	/*
	 * Read exactly `length` bytes (at least 1) at `offset`, wholly within the size
	 * (source_pread() has checked). 0 or -errno, and then the buffer's content is undefined.
	 * Never a short success, never zeros instead of bytes that could not be read.
	 */
	int (*pread)(struct source *source, void *buffer, size_t length, uint64_t offset);

	/*
	 * What is at `offset` (below the size), and for how many bytes at least; see
	 * source_extent(), which limits the answer. Optional: without it all is data. Reads
	 * nothing.
	 */
	enum source_extent (*extent)(struct source *source, uint64_t offset, uint64_t *ret_length);

	/* Free everything; called once, when the last reference is dropped. */
	void (*close)(struct source *source);
};

/* The head of every layer's own struct. */
struct source {
	const struct source_ops *ops;
	uint64_t size;	      /* bytes */
	uint32_t sector_size; /* logical sector size in bytes if known, else 0; a hint, reads need
				 no alignment */
	atomic_uint references;
};

/* Fill in the head, with one reference. */
void source_init(struct source *source, const struct source_ops *ops, uint64_t size,
		 uint32_t sector_size);

/*
 * Read exactly `length` bytes at `offset`. 0; -EINVAL when not wholly within the size; -EIO or
 * another errno when the bytes cannot be read. Length 0 succeeds.
 */
int source_pread(struct source *source, void *buffer, size_t length, uint64_t offset);

/*
 * What is at `offset`, for `ret_length` bytes: at least 1, and not past the end. The bytes after
 * them may be of the same kind. At or past the end: SOURCE_DATA of 0 bytes. From any thread. Bytes
 * of which nothing is known are data, so this never fails.
 */
enum source_extent source_extent(struct source *source, uint64_t offset, uint64_t *ret_length);

/* How many of `length` bytes at `offset` the source has. */
static inline size_t source_clip(const struct source *source, size_t length, uint64_t offset)
{
	uint64_t left = offset < source->size ? source->size - offset : 0;

	return left < length ? (size_t)left : length;
}

struct source *source_ref(struct source *source);
void source_unref(struct source *source); /* NULL is allowed */
DEFINE_CLEANUP(struct source, source_unref)

#endif
