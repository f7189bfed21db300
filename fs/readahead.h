/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far the kernel reads ahead when a mounted file is read sequentially. Its default is 128 KiB:
 * a request for so little costs nearly as much as its decryption.
 */
#ifndef ADEFUSE_FS_READAHEAD_H
#define ADEFUSE_FS_READAHEAD_H

#include <stdbool.h>

enum {
	READAHEAD_KIB = 2048,	  /* four requests, which threads serve while the reader copies */
	READAHEAD_DEVICE_MAX = 32 /* with the byte that ends it */
};

/*
 * The device of what is mounted on `path` (absolute, without links), as "MAJOR:MINOR", from the
 * kernel's list of mounts: stat() would ask the mount itself, which does not answer yet. False when
 * it is not found.
 */
bool readahead_device(const char *path, char ret_device[READAHEAD_DEVICE_MAX]);

/* The same out of the text of such a list (proc_pid_mountinfo(5)). */
bool readahead_find_device(const char *list, const char *path,
			   char ret_device[READAHEAD_DEVICE_MAX]);

/* Whether this process may set it; if not, an info line says what root can do. */
bool readahead_permitted(const char *device);

/* Set it, after INIT: the kernel's answer to that sets it too. 0 or -errno. */
int readahead_set(const char *device);

#endif
