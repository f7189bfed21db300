# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += disk/image/libimage.a
disk_image_libimage_a_SOURCES = \
	disk/image/image.c disk/image/image.h \
	disk/image/signature.c disk/image/signature.h \
	disk/image/vhd.c disk/image/vhd.h
