/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FUSE callbacks: thin, read-only, each answers exactly once.
 *
 * Threads: libfuse calls these from several at once. The tree is immutable; a read borrows its
 * buffer.
 */
#include "fs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "fs/readahead.h"

/* Nothing ever changes, so the kernel may keep every answer. Seconds. */
static const double cache_seconds = 86400.0;

static struct ops_context *context_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static const struct tree *tree_of(fuse_req_t req)
{
	return context_of(req)->tree;
}

/* ---------------------------------------------------------------- reading */

static void op_init(void *userdata, struct fuse_conn_info *connection)
{
	const struct ops_context *context = userdata;

	/* libfuse derives from it how many pages any request may have, a read too */
	connection->max_write = BUFFER_SIZE;
	/* libfuse ends the session when this differs from the option */
	connection->max_read = context->max_read;
	if (context->ready)
		context->ready(context->ready_context);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {0};

	if (parent != TREE_ROOT_INODE || !tree_file_by_name(tree_of(req), name, &entry.ino)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	(void)tree_stat(tree_of(req), entry.ino, &entry.attr);
	entry.attr_timeout = cache_seconds;
	entry.entry_timeout = cache_seconds;
	fuse_reply_entry(req, &entry);
}

static void op_getattr(fuse_req_t req, fuse_ino_t inode, struct fuse_file_info *file)
{
	struct stat st;

	(void)file;
	if (tree_stat(tree_of(req), inode, &st))
		fuse_reply_attr(req, &st, cache_seconds);
	else
		fuse_reply_err(req, ENOENT);
}

static void raise_readahead(struct ops_context *context)
{
	int result;

	if (!context->readahead || atomic_flag_test_and_set(&context->readahead_done))
		return;
	result = readahead_set(context->readahead);
	if (result < 0)
		log_info("the read-ahead is unchanged: %s", strerrordesc_np(-result));
}

static void op_open(fuse_req_t req, fuse_ino_t inode, struct fuse_file_info *file)
{
	if (inode == TREE_ROOT_INODE) {
		fuse_reply_err(req, EISDIR);
	} else if (!tree_file_by_inode(tree_of(req), inode)) {
		fuse_reply_err(req, ENOENT);
	} else if ((file->flags & O_ACCMODE) != O_RDONLY || (file->flags & O_TRUNC)) {
		fuse_reply_err(req, EROFS);
	} else {
		raise_readahead(context_of(req));
		file->direct_io = context_of(req)->direct_io;
		/* contents never change: what the kernel has cached stays valid */
		file->keep_cache = !file->direct_io;
		fuse_reply_open(req, file);
	}
}

static void op_read(fuse_req_t req, fuse_ino_t inode, size_t size, off_t offset,
		    struct fuse_file_info *file)
{
	const struct tree_file *node = tree_file_by_inode(tree_of(req), inode);
	uint64_t start = (uint64_t)offset;
	struct buffers *buffers = &context_of(req)->buffers;
	struct buffer *buffer;
	int result;

	(void)file;
	if (!node || offset < 0 || size > BUFFER_SIZE) {
		fuse_reply_err(req, node ? EINVAL : ENOENT);
		return;
	}
	if (start >= node->source->size) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	if (size > node->source->size - start)
		size = (size_t)(node->source->size - start);
	buffer = buffers_take(buffers);
	if (!buffer) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	result = source_pread(node->source, buffer->data, size, start);
	if (result < 0) {
		log_warning("%s: cannot read %zu bytes at %" PRIu64 ": %s", node->name, size, start,
			    strerrordesc_np(-result));
		fuse_reply_err(req, result == -ENOMEM ? ENOMEM : EIO);
	} else {
		fuse_reply_buf(req, buffer->data, size);
	}
	buffers_give(buffers, buffer);
}

static void op_opendir(fuse_req_t req, fuse_ino_t inode, struct fuse_file_info *file)
{
	if (inode != TREE_ROOT_INODE) {
		fuse_reply_err(req, ENOTDIR);
		return;
	}
	file->cache_readdir = 1;
	file->keep_cache = 1;
	fuse_reply_open(req, file);
}

/* The directory's entry number `index`: ".", "..", then the files. NULL after the last. */
static const char *entry_at(const struct tree *tree, size_t index, ino_t *ret_inode)
{
	*ret_inode = TREE_ROOT_INODE;
	if (index < 2)
		return index == 0 ? "." : "..";
	if (index - 2 >= tree->count)
		return NULL;
	*ret_inode = index - 2 + TREE_ROOT_INODE + 1;
	return tree->files[index - 2].name;
}

static void op_readdir(fuse_req_t req, fuse_ino_t inode, size_t size, off_t offset,
		       struct fuse_file_info *file)
{
	const struct tree *tree = tree_of(req);
	char *buffer CLEANUP(free) = NULL;
	size_t used = 0;

	(void)file;
	if (inode != TREE_ROOT_INODE || offset < 0) {
		fuse_reply_err(req, ENOTDIR);
		return;
	}
	buffer = malloc(size > 0 ? size : 1);
	if (!buffer) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	for (size_t i = (size_t)offset;; i++) {
		struct stat st = {0};
		ino_t child;
		const char *name = entry_at(tree, i, &child);
		size_t length;

		if (!name || !tree_stat(tree, child, &st))
			break;
		length = fuse_add_direntry(req, buffer + used, size - used, name, &st,
					   (off_t)(i + 1));
		if (length > size - used)
			break;
		used += length;
	}
	fuse_reply_buf(req, buffer, used);
}

static void op_statfs(fuse_req_t req, fuse_ino_t inode)
{
	const struct tree *tree = tree_of(req);
	struct statvfs st = {0};

	(void)inode;
	st.f_bsize = 4096;
	st.f_frsize = 4096;
	st.f_files = tree->count + 1;
	st.f_namemax = 255;
	st.f_flag = ST_RDONLY;
	for (size_t i = 0; i < tree->count; i++)
		st.f_blocks += (tree->files[i].source->size + 4095) / 4096;
	fuse_reply_statfs(req, &st);
}

/* ------------------------------------------ everything that would write */

static void op_setattr(fuse_req_t req, fuse_ino_t inode, struct stat *attr, int to_set,
		       struct fuse_file_info *file)
{
	(void)inode, (void)attr, (void)to_set, (void)file;
	fuse_reply_err(req, EROFS);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
	(void)parent, (void)name, (void)mode, (void)dev;
	fuse_reply_err(req, EROFS);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	fuse_reply_err(req, EROFS);
}

static void op_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	fuse_reply_err(req, EROFS);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target, (void)parent, (void)name;
	fuse_reply_err(req, EROFS);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		      const char *new_name, unsigned int flags)
{
	(void)parent, (void)name, (void)new_parent, (void)new_name, (void)flags;
	fuse_reply_err(req, EROFS);
}

static void op_link(fuse_req_t req, fuse_ino_t inode, fuse_ino_t parent, const char *name)
{
	(void)inode, (void)parent, (void)name;
	fuse_reply_err(req, EROFS);
}

static void op_write(fuse_req_t req, fuse_ino_t inode, const char *data, size_t size, off_t offset,
		     struct fuse_file_info *file)
{
	(void)inode, (void)data, (void)size, (void)offset, (void)file;
	fuse_reply_err(req, EROFS);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *file)
{
	(void)parent, (void)name, (void)mode, (void)file;
	fuse_reply_err(req, EROFS);
}

static void op_setxattr(fuse_req_t req, fuse_ino_t inode, const char *name, const char *value,
			size_t size, int flags)
{
	(void)inode, (void)name, (void)value, (void)size, (void)flags;
	fuse_reply_err(req, EROFS);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t inode, const char *name)
{
	(void)inode, (void)name;
	fuse_reply_err(req, EROFS);
}

static void op_fallocate(fuse_req_t req, fuse_ino_t inode, int mode, off_t offset, off_t length,
			 struct fuse_file_info *file)
{
	(void)inode, (void)mode, (void)offset, (void)length, (void)file;
	fuse_reply_err(req, EROFS);
}

const struct fuse_lowlevel_ops ops_callbacks = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.open = op_open,
	.read = op_read,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.statfs = op_statfs,
	.setattr = op_setattr,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_remove,
	.rmdir = op_remove,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.write = op_write,
	.create = op_create,
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
	.fallocate = op_fallocate,
};
