# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += bde/regions/libregions.a
bde_regions_libregions_a_SOURCES = \
	bde/regions/eow_map.c bde/regions/eow_map.h \
	bde/regions/layout.c bde/regions/layout.h \
	bde/regions/regions.c bde/regions/regions.h
