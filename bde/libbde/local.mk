# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += bde/libbde/libsecondengine.a
bde_libbde_libsecondengine_a_SOURCES = \
	bde/libbde/bfio.c bde/libbde/bfio.h \
	bde/libbde/libbde.c bde/libbde/libbde.h
