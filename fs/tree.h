/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is mounted: a directory of read-only files, each backed by a byte source. Built before the
 * mount, immutable while it is served, so any number of threads may read it without a lock.
 */
#ifndef ADEFUSE_FS_TREE_H
#define ADEFUSE_FS_TREE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/cleanup.h"
#include "disk/source.h"

enum {
	TREE_ROOT_INODE = 1
};

struct tree_file {
	char *name;
	struct source *source;
};

struct tree {
	uid_t owner; /* of everything */
	gid_t group;
	struct timespec time; /* of everything: when the tree was made */
	size_t count;
	struct tree_file *files; /* the inode of files[i] is i + 2 */
};

/* An empty tree, owned by the calling user. NULL when out of memory. */
struct tree *tree_new(void);
void tree_free(struct tree *tree);
DEFINE_CLEANUP(struct tree, tree_free)

/*
 * Add a file; takes its own reference to the source, copies the name. -ENOMEM; -EEXIST; -EINVAL for
 * a name that no directory can hold.
 */
int tree_add(struct tree *tree, const char *name, struct source *source);

/* By inode or by name; NULL when there is none. */
const struct tree_file *tree_file_by_inode(const struct tree *tree, ino_t inode);
const struct tree_file *tree_file_by_name(const struct tree *tree, const char *name,
					  ino_t *ret_inode);

/* Attributes of the root or of a file; false when there is no such inode. */
bool tree_stat(const struct tree *tree, ino_t inode, struct stat *ret_stat);

#endif
