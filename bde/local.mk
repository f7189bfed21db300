# SPDX-License-Identifier: GPL-3.0-or-later
# Not "libbde": that is the name of another project's library.
noinst_LIBRARIES += bde/libbitlocker.a
bde_libbitlocker_a_SOURCES = \
	bde/bde.h \
	bde/find.c bde/find.h \
	bde/fvek.c bde/fvek.h \
	bde/key.c bde/key.h \
	bde/locate.c \
	bde/metadata.c bde/metadata.h \
	bde/served.c bde/served.h \
	bde/state.c bde/state.h \
	bde/unlock.c bde/unlock.h \
	bde/volume.c \
	bde/wrapped.c bde/wrapped.h
