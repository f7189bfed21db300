# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += base/libbase.a
base_libbase_a_SOURCES = \
	base/checked.h \
	base/cleanup.h \
	base/clock.h \
	base/crc32.c base/crc32.h \
	base/cursor.c base/cursor.h \
	base/err.c base/err.h \
	base/log.c base/log.h \
	base/notes.c base/notes.h \
	base/ranges.c base/ranges.h \
	base/secret.c base/secret.h \
	base/smallfile.c base/smallfile.h \
	base/thread.c base/thread.h \
	base/zeros.h
