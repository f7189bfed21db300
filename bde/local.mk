# SPDX-License-Identifier: GPL-3.0-or-later
# Not "libbde": that is the name of another project's library.
noinst_LIBRARIES += bde/libbitlocker.a
bde_libbitlocker_a_SOURCES = \
	bde/bde.h \
	bde/bek.c bde/bek.h \
	bde/block.c bde/block.h \
	bde/boot.c bde/boot.h \
	bde/crypto.c bde/crypto.h \
	bde/datum.c bde/datum.h \
	bde/diffuser.c bde/diffuser.h \
	bde/key.c bde/key.h \
	bde/metadata.c bde/metadata.h \
	bde/names.c \
	bde/protector.c bde/protector.h \
	bde/recovery.c bde/recovery.h \
	bde/regions.c bde/regions.h \
	bde/sector.c bde/sector.h \
	bde/served.c \
	bde/stretch.c bde/stretch.h \
	bde/unlock.c \
	bde/unlocked.h \
	bde/volume.c

check_PROGRAMS += tests/tools/bde-cat
tests_tools_bde_cat_SOURCES = tests/tools/bde-cat.c
tests_tools_bde_cat_LDADD = bde/libbitlocker.a disk/libdisk.a base/libbase.a $(CRYPTO_LIBS)
