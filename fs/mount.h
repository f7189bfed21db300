/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Serving a tree through FUSE. Only fs/mount.c and fs/ops.c know libfuse.
 *
 * Threads: mount_serve() blocks the thread that calls it, and reads in threads of its own, which
 * have ended when it returns. One session a process: libfuse's log is the process's.
 */
#ifndef ADEFUSE_FS_MOUNT_H
#define ADEFUSE_FS_MOUNT_H

#include "base/err.h"
#include "fs/tree.h"

struct mount_options {
	const char *mountpoint;
	const char *disk;	  /* shown as the device in /proc/mounts; no secret in it */
	const char *fuse_options; /* comma-separated, passed on to FUSE; NULL or "" for none */
	bool nonempty;		  /* mount over a directory that is not empty */
	bool direct_io;		  /* reads bypass the kernel's page cache */
	bool debug;		  /* libfuse's own trace on standard error */

	/* Called once, from a serving thread, when the tree is readable. May be NULL. */
	void (*ready)(void *context);
	void *context;
};

/*
 * Whether a mount there can work, to be asked before time and keys are spent: the mountpoint
 * exists, is a directory, is not in use; FUSE is there and takes the options. 0 or -errno with err
 * (ERR_MOUNT).
 */
int mount_check(const struct mount_options *options, struct err *err);

/*
 * Mount and serve until unmounted or until SIGINT, SIGTERM or SIGHUP, which unmount it. The tree
 * stays the caller's. 0, or -errno with err (ERR_MOUNT).
 */
int mount_serve(const struct tree *tree, const struct mount_options *options, struct err *err);

#endif
