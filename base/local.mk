# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += base/libbase.a
base_libbase_a_SOURCES = \
	base/base64.c base/base64.h \
	base/checked.h \
	base/cleanup.h \
	base/crc32.c base/crc32.h \
	base/cursor.c base/cursor.h \
	base/err.c base/err.h \
	base/guid.c base/guid.h \
	base/hex.h \
	base/log.c base/log.h \
	base/notes.c base/notes.h \
	base/secret.c base/secret.h \
	base/smallfile.c base/smallfile.h \
	base/thread.c base/thread.h \
	base/unroll.h \
	base/utf16.c base/utf16.h

UNIT_TESTS += tests/unit/base-text tests/unit/base-secret tests/unit/base-crc32 tests/unit/base-smallfile
tests_unit_base_smallfile_SOURCES = tests/unit/base-smallfile.c tests/tap.h
tests_unit_base_smallfile_LDADD = base/libbase.a -lpthread
tests_unit_base_crc32_SOURCES = tests/unit/base-crc32.c tests/tap.h
tests_unit_base_crc32_LDADD = base/libbase.a
tests_unit_base_text_SOURCES = tests/unit/base-text.c tests/tap.h
tests_unit_base_text_LDADD = base/libbase.a
tests_unit_base_secret_SOURCES = tests/unit/base-secret.c tests/tap.h
tests_unit_base_secret_LDADD = base/libbase.a
