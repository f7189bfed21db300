# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += base/text/libtext.a
base_text_libtext_a_SOURCES = \
	base/text/base64.c base/text/base64.h \
	base/text/guid.c base/text/guid.h \
	base/text/hex.h \
	base/text/units.c base/text/units.h \
	base/text/utf16.c base/text/utf16.h
