/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The low-level FUSE callbacks over a tree. */
#ifndef ADEFUSE_FS_OPS_H
#define ADEFUSE_FS_OPS_H

#include <fuse_lowlevel.h>

#include "fs/tree.h"

/* The session's user data. The callbacks only read it; `ready` is called once, on FUSE's INIT. */
struct ops_context {
	const struct tree *tree;
	void (*ready)(void *context);
	void *ready_context;
};

extern const struct fuse_lowlevel_ops ops_callbacks;

#endif
