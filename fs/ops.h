/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The low-level FUSE callbacks over a tree. */
#ifndef ADEFUSE_FS_OPS_H
#define ADEFUSE_FS_OPS_H

#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fs/buffers.h"
#include "fs/tree.h"

/*
 * The session's user data. The callbacks only read it, except for the flag and the buffers. `ready`
 * is called once, on FUSE's INIT.
 */
struct ops_context {
	const struct tree *tree;
	bool direct_io;	       /* bypass the kernel's page cache */
	unsigned int max_read; /* FUSE's option of that name; 0: not given */
	void (*ready)(void *context);
	void *ready_context;

	/*
	 * The device whose read-ahead is to be raised (fs/readahead.h), NULL for none. That is done
	 * when a file is opened for the first time, which is after INIT and before reading.
	 */
	const char *readahead;
	atomic_flag readahead_done;

	struct buffers buffers;
};

extern const struct fuse_lowlevel_ops ops_callbacks;

#endif
