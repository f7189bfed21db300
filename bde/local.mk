# SPDX-License-Identifier: GPL-3.0-or-later
# Not "libbde": that is the name of another project's library.
noinst_LIBRARIES += bde/libbitlocker.a
bde_libbitlocker_a_SOURCES = \
	bde/bde.h \
	bde/aes_x86.c bde/aes_x86.h bde/aes_x86_kernel.h \
	bde/bek.c bde/bek.h \
	bde/bfio.c bde/bfio.h \
	bde/block.c bde/block.h \
	bde/boot.c bde/boot.h \
	bde/cbc.c bde/cbc.h \
	bde/crypto.c bde/crypto.h \
	bde/datum.c bde/datum.h \
	bde/diffuser.c bde/diffuser.h \
	bde/engine.c \
	bde/eow.c bde/eow.h \
	bde/eowmap.c bde/eowmap.h \
	bde/find.c \
	bde/key.c bde/key.h \
	bde/layout.c bde/layout.h \
	bde/libbde.c bde/libbde.h \
	bde/metadata.c bde/metadata.h \
	bde/names.c \
	bde/protector.c bde/protector.h \
	bde/rawkey.c bde/rawkey.h \
	bde/recovery.c bde/recovery.h \
	bde/regions.c bde/regions.h \
	bde/sector.c bde/sector.h \
	bde/served.c \
	bde/stretch.c bde/stretch.h \
	bde/stretch_x86.c bde/stretch_x86.h \
	bde/unlock.c bde/unlock.h \
	bde/unlocked.h \
	bde/volume.c \
	bde/xts.c bde/xts.h

bde_parts = bde/libbitlocker.a disk/libdisk.a base/libbase.a $(CRYPTO_LIBS) $(LIBBDE_LIBS) -lpthread

check_PROGRAMS += tests/tools/bde-cat
tests_tools_bde_cat_SOURCES = tests/tools/bde-cat.c
tests_tools_bde_cat_LDADD = $(bde_parts)

# A small volume in memory, made without any code of this folder.
bde_made = tests/bde_made.c tests/bde_made.h tests/tap.h
bde_made_eow = $(bde_made) tests/bde_made_eow.c tests/bde_made_eow.h
bde_fault = tests/fault.c tests/fault.h

UNIT_TESTS += \
	tests/unit/bde-bek \
	tests/unit/bde-datum \
	tests/unit/bde-eow \
	tests/unit/bde-eow-damage \
	tests/unit/bde-find \
	tests/unit/bde-libbde \
	tests/unit/bde-metadata \
	tests/unit/bde-places \
	tests/unit/bde-recovery \
	tests/unit/bde-stretch \
	tests/unit/bde-regions \
	tests/unit/bde-sector \
	tests/unit/bde-rawkeys \
	tests/unit/bde-unlock \
	tests/unit/bde-volume
tests_unit_bde_bek_SOURCES = tests/unit/bde-bek.c $(bde_made)
tests_unit_bde_bek_LDADD = $(bde_parts)
tests_unit_bde_datum_SOURCES = tests/unit/bde-datum.c $(bde_made)
tests_unit_bde_datum_LDADD = $(bde_parts)
tests_unit_bde_eow_SOURCES = tests/unit/bde-eow.c $(bde_made_eow) tests/eow_check.h tests/source_contract.h
tests_unit_bde_eow_LDADD = $(bde_parts)
tests_unit_bde_eow_damage_SOURCES = tests/unit/bde-eow-damage.c $(bde_made_eow) $(bde_fault) tests/eow_check.h
tests_unit_bde_eow_damage_LDADD = $(bde_parts)
tests_unit_bde_find_SOURCES = tests/unit/bde-find.c $(bde_made_eow) $(bde_fault)
tests_unit_bde_find_LDADD = $(bde_parts)
tests_unit_bde_libbde_SOURCES = tests/unit/bde-libbde.c $(bde_made) $(bde_fault) tests/source_contract.h
tests_unit_bde_libbde_LDADD = $(bde_parts)
tests_unit_bde_metadata_SOURCES = tests/unit/bde-metadata.c $(bde_made) $(bde_fault)
tests_unit_bde_metadata_LDADD = $(bde_parts)
tests_unit_bde_places_SOURCES = tests/unit/bde-places.c $(bde_made)
tests_unit_bde_places_LDADD = $(bde_parts)
tests_unit_bde_stretch_SOURCES = tests/unit/bde-stretch.c tests/tap.h
tests_unit_bde_stretch_LDADD = $(bde_parts)
tests_unit_bde_recovery_SOURCES = tests/unit/bde-recovery.c tests/tap.h
tests_unit_bde_recovery_LDADD = $(bde_parts)
tests_unit_bde_regions_SOURCES = tests/unit/bde-regions.c tests/tap.h
tests_unit_bde_regions_LDADD = $(bde_parts)
tests_unit_bde_sector_SOURCES = tests/unit/bde-sector.c $(bde_made)
tests_unit_bde_sector_LDADD = $(bde_parts)
tests_unit_bde_rawkeys_SOURCES = tests/unit/bde-rawkeys.c $(bde_made)
tests_unit_bde_rawkeys_LDADD = $(bde_parts)
tests_unit_bde_unlock_SOURCES = tests/unit/bde-unlock.c $(bde_made)
tests_unit_bde_unlock_LDADD = $(bde_parts)
tests_unit_bde_volume_SOURCES = tests/unit/bde-volume.c $(bde_made) $(bde_fault) tests/source_contract.h
tests_unit_bde_volume_LDADD = $(bde_parts)
