# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += disk/partition/libpartition.a
disk_partition_libpartition_a_SOURCES = \
	disk/partition/bootsector.c disk/partition/bootsector.h \
	disk/partition/filesystem.c disk/partition/filesystem.h \
	disk/partition/gpt.c disk/partition/gpt.h \
	disk/partition/mbr.c disk/partition/mbr.h \
	disk/partition/partition.c disk/partition/partition.h \
	disk/partition/partition_builder.c disk/partition/partition_builder.h \
	disk/partition/partition_gpt.c disk/partition/partition_gpt.h \
	disk/partition/partition_mbr.c disk/partition/partition_mbr.h \
	disk/partition/partition_table.c disk/partition/partition_table.h
