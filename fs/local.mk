# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += fs/libfs.a
fs_libfs_a_SOURCES = \
	fs/buffers.c fs/buffers.h \
	fs/mount.c fs/mount.h \
	fs/ops.c fs/ops.h \
	fs/readahead.c fs/readahead.h \
	fs/tree.c fs/tree.h
