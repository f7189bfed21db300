/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mounted directory; see tree.h. */
#include "fs/tree.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree *tree_new(void)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->owner = getuid();
	tree->group = getgid();
	if (clock_gettime(CLOCK_REALTIME, &tree->time) != 0)
		tree->time = (struct timespec){0, 0};
	return tree;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->files[i].name);
		source_unref(tree->files[i].source);
	}
	free(tree->files);
	free(tree);
}

int tree_add(struct tree *tree, const char *name, struct source *source)
{
	char *copy CLEANUP(free) = NULL;
	struct tree_file *files;
	ino_t inode;

	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strlen(name) > NAME_MAX)
		return -EINVAL;
	if (tree_file_by_name(tree, name, &inode))
		return -EEXIST;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	files = reallocarray(tree->files, tree->count + 1, sizeof(*files));
	if (!files)
		return -ENOMEM;
	tree->files = files;
	files[tree->count++] = (struct tree_file){
		.name = TAKE(copy),
		.source = source_ref(source),
	};
	return 0;
}

const struct tree_file *tree_file_by_inode(const struct tree *tree, ino_t inode)
{
	if (inode <= TREE_ROOT_INODE || inode - TREE_ROOT_INODE > tree->count)
		return NULL;
	return &tree->files[inode - TREE_ROOT_INODE - 1];
}

const struct tree_file *tree_file_by_name(const struct tree *tree, const char *name,
					  ino_t *ret_inode)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (strcmp(tree->files[i].name, name) == 0) {
			*ret_inode = i + TREE_ROOT_INODE + 1;
			return &tree->files[i];
		}
	}
	return NULL;
}

bool tree_stat(const struct tree *tree, ino_t inode, struct stat *ret_stat)
{
	const struct tree_file *file = tree_file_by_inode(tree, inode);
	struct stat st = {0};

	if (!file && inode != TREE_ROOT_INODE)
		return false;
	st.st_ino = inode;
	st.st_uid = tree->owner;
	st.st_gid = tree->group;
	st.st_atim = tree->time;
	st.st_mtim = tree->time;
	st.st_ctim = tree->time;
	st.st_blksize = 4096;
	if (file) {
		st.st_mode = S_IFREG | 0400;
		st.st_nlink = 1;
		st.st_size = (off_t)file->source->size;
		st.st_blocks = (blkcnt_t)((file->source->size + 511) / 512);
	} else {
		st.st_mode = S_IFDIR | 0500;
		st.st_nlink = 2;
	}
	*ret_stat = st;
	return true;
}
