/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The low-level FUSE callbacks over a tree. */
#ifndef ADEFUSE_FS_OPS_H
#define ADEFUSE_FS_OPS_H

#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fs/tree.h"

/*
 * The session's user data. The callbacks only read it, but for the flag. `ready` is called once, on
 * FUSE's INIT.
 */
struct ops_context {
	const struct tree *tree;
	bool direct_io; /* not through the kernel's page cache */
	void (*ready)(void *context);
	void *ready_context;

	/*
	 * The device whose reading ahead is to be raised (fs/readahead.h), NULL for none. That is
	 * done when a file is opened for the first time, which comes behind INIT and before
	 * reading.
	 */
	const char *readahead;
	atomic_flag readahead_done;
};

extern const struct fuse_lowlevel_ops ops_callbacks;

#endif
