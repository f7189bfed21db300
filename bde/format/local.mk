# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += bde/format/libformat.a
bde_format_libformat_a_SOURCES = \
	bde/format/bek.c bde/format/bek.h \
	bde/format/block.c bde/format/block.h \
	bde/format/boot.c bde/format/boot.h \
	bde/format/damage.h \
	bde/format/datum.c bde/format/datum.h \
	bde/format/eow.c bde/format/eow.h \
	bde/format/method.c bde/format/method.h \
	bde/format/protector.c bde/format/protector.h \
	bde/format/protector_type.c bde/format/protector_type.h \
	bde/format/rawkey.c bde/format/rawkey.h \
	bde/format/recovery.c bde/format/recovery.h
