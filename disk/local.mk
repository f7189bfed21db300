# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += disk/libdisk.a
disk_libdisk_a_SOURCES = \
	disk/source.c disk/source.h
