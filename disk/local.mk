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

UNIT_TESTS += \
	tests/unit/disk-file \
	tests/unit/disk-file-short \
	tests/unit/disk-overlay \
	tests/unit/disk-partition-gpt \
	tests/unit/disk-partition-mbr \
	tests/unit/disk-partition-volume \
	tests/unit/disk-vhd \
	tests/unit/source-contract
tests_unit_disk_file_SOURCES = tests/unit/disk-file.c tests/tap.h
tests_unit_disk_file_LDADD = disk/libdisk.a base/libbase.a
tests_unit_disk_overlay_SOURCES = tests/unit/disk-overlay.c tests/fault.c tests/fault.h \
	tests/source_contract.h tests/tap.h
tests_unit_disk_overlay_LDADD = disk/libdisk.a base/libbase.a
tests_unit_disk_file_short_SOURCES = tests/unit/disk-file-short.c tests/source_contract.h tests/tap.h
tests_unit_disk_file_short_LDADD = disk/libdisk.a base/libbase.a
tests_unit_disk_partition_gpt_SOURCES = tests/unit/disk-partition-gpt.c tests/craft.h \
	tests/fault.c tests/fault.h tests/partition_check.h tests/tap.h
tests_unit_disk_partition_gpt_LDADD = disk/libdisk.a base/libbase.a
tests_unit_disk_partition_mbr_SOURCES = tests/unit/disk-partition-mbr.c tests/craft.h \
	tests/fault.c tests/fault.h tests/partition_check.h tests/tap.h
tests_unit_disk_partition_mbr_LDADD = disk/libdisk.a base/libbase.a
tests_unit_disk_partition_volume_SOURCES = tests/unit/disk-partition-volume.c tests/craft.h \
	tests/fault.c tests/fault.h tests/partition_check.h tests/tap.h
tests_unit_disk_partition_volume_LDADD = disk/libdisk.a base/libbase.a
tests_unit_disk_vhd_SOURCES = tests/unit/disk-vhd.c tests/craft.h \
	tests/fault.c tests/fault.h tests/tap.h
tests_unit_disk_vhd_LDADD = disk/libdisk.a base/libbase.a
tests_unit_source_contract_SOURCES = tests/unit/source-contract.c tests/craft.h \
	tests/fault.c tests/fault.h tests/source_contract.h tests/tap.h
tests_unit_source_contract_LDADD = disk/libdisk.a base/libbase.a

# Held against other programs by tests/e2e/partition-peers.sh.
check_PROGRAMS += tests/tools/show-disk
tests_tools_show_disk_SOURCES = tests/tools/show-disk.c
tests_tools_show_disk_LDADD = disk/libdisk.a base/libbase.a
