/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fs/tree: names, inodes, attributes. */
#include "fs/tree.h"

#include <errno.h>
#include <unistd.h>

#include "disk/memory.h"
#include "tests/tap.h"

static void test_names(struct tree *tree, struct source *source)
{
	char longest[257];

	memset(longest, 'x', 256);
	longest[256] = '\0';
	is(tree_add(tree, "p1.raw", source), 0, "add");
	is(tree_add(tree, "info.json", source), 0, "add another");
	is(tree_add(tree, "p1.raw", source), -EEXIST, "the same name twice");
	is(tree_add(tree, "", source), -EINVAL, "no name");
	is(tree_add(tree, "..", source), -EINVAL, "a name that has a meaning");
	is(tree_add(tree, "a/b", source), -EINVAL, "a name with a slash");
	is(tree_add(tree, longest, source), -EINVAL, "a name longer than a directory holds");
	is(atomic_load(&source->references), 3, "one reference a file, none for refused ones");
}

static void test_inodes(const struct tree *tree, const struct source *source)
{
	struct stat st;
	ino_t inode = 0;

	ok(tree_file_by_name(tree, "info.json", &inode) != NULL, "found by name");
	is(inode, 3, "inodes follow the root's");
	ok(!tree_file_by_name(tree, "info.jso", &inode), "a part of a name is no name");
	ok(tree_file_by_inode(tree, 2) && tree_file_by_inode(tree, 2)->source == source,
	   "by inode");
	ok(!tree_file_by_inode(tree, 0) && !tree_file_by_inode(tree, 1) &&
		   !tree_file_by_inode(tree, 4) && !tree_file_by_inode(tree, UINT64_MAX),
	   "no file at the root's inode or outside");
	ok(tree_stat(tree, 1, &st) && st.st_mode == (S_IFDIR | 0500) && st.st_uid == getuid(),
	   "the root's attributes");
	ok(tree_stat(tree, 2, &st) && st.st_mode == (S_IFREG | 0400) && st.st_size == 1000 &&
		   st.st_blocks == 2 && st.st_nlink == 1,
	   "a file's attributes");
	ok(!tree_stat(tree, 4, &st), "no attributes of nothing");
}

int main(void)
{
	static const uint8_t bytes[1000];
	struct tree *tree = tree_new();
	struct source *source = NULL;

	must(tree && memory_new(bytes, sizeof(bytes), &source) == 0);
	test_names(tree, source);
	test_inodes(tree, source);
	tree_free(tree);
	is(atomic_load(&source->references), 1, "freed with its references");
	source_unref(source);
	tree_free(NULL);
	return tap_done();
}
