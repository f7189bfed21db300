/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far the kernel reads ahead of who reads a mounted file from front to back. Its own default is
 * 128 KiB, a reply of which takes hardly longer to ask for than to give.
 */
#ifndef ADEFUSE_FS_READAHEAD_H
#define ADEFUSE_FS_READAHEAD_H

#include <stdbool.h>

enum {
	READAHEAD_KIB = 2048,	  /* four requests, which threads serve while who reads copies */
	READAHEAD_DEVICE_MAX = 32 /* with the byte that ends it */
};

/*
 * The device of what is mounted on `path` (absolute, without links), as "MAJOR:MINOR", by the
 * kernel's list of mounts: stat() would ask the mount itself, which does not answer yet. False when
 * it is not found.
 */
bool readahead_device(const char *path, char ret_device[READAHEAD_DEVICE_MAX]);

/* The same out of the text of such a list (proc_pid_mountinfo(5)). */
bool readahead_find_device(const char *list, const char *path,
			   char ret_device[READAHEAD_DEVICE_MAX]);

/* Whether this process may set it; without that, what to do is told with -v. */
bool readahead_permitted(const char *device);

/* Set it. Before the kernel has the answer to INIT that would be undone. 0 or -errno. */
int readahead_set(const char *device);

#endif
