# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += open/libopen.a
open_libopen_a_SOURCES = \
	open/attempt.c open/attempt.h \
	open/engine.c open/engine.h \
	open/locked.c open/locked.h \
	open/open.h \
	open/opened.c open/opened.h \
	open/origin.c open/origin.h \
	open/plain_disk.c open/plain_disk.h \
	open/secret_source.c open/secret_source.h \
	open/survey.c \
	open/unlock.c \
	open/way.h \
	open/way_bek.c \
	open/way_secret.c \
	open/way_vault.c
