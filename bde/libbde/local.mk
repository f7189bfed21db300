# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += bde/libbde/libsecondengine.a
bde_libbde_libsecondengine_a_SOURCES = bde/libbde/libbde.h
if HAVE_LIBBDE
bde_libbde_libsecondengine_a_SOURCES += \
	bde/libbde/bfio.c bde/libbde/bfio.h \
	bde/libbde/libbde_key.c bde/libbde/libbde_key.h \
	bde/libbde/libbde.c \
	bde/libbde/quirks.c bde/libbde/quirks.h
else
bde_libbde_libsecondengine_a_SOURCES += bde/libbde/missing.c
endif
