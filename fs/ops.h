/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The low-level FUSE callbacks over a tree. */
#ifndef ADEFUSE_FS_OPS_H
#define ADEFUSE_FS_OPS_H

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fs/tree.h"

/*
 * Bytes that one request reads at most; the kernel is told. A reader who asks for more, or for whom
 * the kernel reads ahead, is so served by several threads at once.
 */
enum {
	READ_MAX = 512 << 10
};

/* What reads decrypt into: as many as there were reads at once. Wiped when they are freed. */
struct read_buffer;
struct read_buffers {
	pthread_mutex_t lock;
	struct read_buffer *idle; /* the one used last first */
};

/* When no callback runs any more. */
void read_buffers_clear(struct read_buffers *buffers);

/*
 * The session's user data. The callbacks only read it, but for the flag and the buffers. `ready` is
 * called once, on FUSE's INIT.
 */
struct ops_context {
	const struct tree *tree;
	bool direct_io;	       /* not through the kernel's page cache */
	unsigned int max_read; /* FUSE's option of that name; 0: not given */
	void (*ready)(void *context);
	void *ready_context;

	/*
	 * The device whose reading ahead is to be raised (fs/readahead.h), NULL for none. That is
	 * done when a file is opened for the first time, which comes behind INIT and before
	 * reading.
	 */
	const char *readahead;
	atomic_flag readahead_done;

	struct read_buffers buffers;
};

extern const struct fuse_lowlevel_ops ops_callbacks;

#endif
