# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += open/libopen.a
open_libopen_a_SOURCES = \
	open/attempt.h \
	open/engine.c \
	open/plaindisk.c open/plaindisk.h \
	open/secret_source.c open/secret_source.h \
	open/signin.c open/signin.h \
	open/survey.c open/survey.h \
	open/unlock.c open/unlock.h \
	open/unlock_vault.c
