# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += disk/libdisk.a
disk_libdisk_a_SOURCES = \
	disk/bootsector.c disk/bootsector.h \
	disk/file.c disk/file.h \
	disk/filesystem.c disk/filesystem.h \
	disk/gpt.c disk/gpt.h \
	disk/image.c disk/image.h \
	disk/mbr.c disk/mbr.h \
	disk/memory.c disk/memory.h \
	disk/overlay.c disk/overlay.h \
	disk/partition.c disk/partition.h \
	disk/partition_build.h \
	disk/partition_gpt.c disk/partition_gpt.h \
	disk/partition_mbr.c disk/partition_mbr.h \
	disk/partition_type.c \
	disk/signature.c disk/signature.h \
	disk/slice.c disk/slice.h \
	disk/source.c disk/source.h \
	disk/vhd.c disk/vhd.h
