# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += disk/libdisk.a
disk_libdisk_a_SOURCES = \
	disk/compare.c disk/compare.h \
	disk/file.c disk/file.h \
	disk/memory.c disk/memory.h \
	disk/overlay.c disk/overlay.h \
	disk/slice.c disk/slice.h \
	disk/source.c disk/source.h
