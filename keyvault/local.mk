# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += keyvault/libkeyvault.a
keyvault_libkeyvault_a_SOURCES = \
	keyvault/ade.c keyvault/ade.h \
	keyvault/ahead.c keyvault/ahead.h \
	keyvault/azure_keys.c keyvault/azure_keys.h \
	keyvault/bek_fetch.c keyvault/bek_fetch.h \
	keyvault/keyvault.c keyvault/keyvault.h \
	keyvault/offer.c keyvault/offer.h \
	keyvault/portal.c keyvault/portal.h \
	keyvault/request.h \
	keyvault/search.c keyvault/search.h \
	keyvault/turns.c keyvault/turns.h \
	keyvault/versions.c keyvault/versions.h
