# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += entra/libentra.a
entra_libentra_a_SOURCES = \
	entra/entra.c entra/entra.h \
	entra/tokens.c entra/tokens.h
