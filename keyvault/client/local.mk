# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += keyvault/client/libvaultclient.a
keyvault_client_libvaultclient_a_SOURCES = \
	keyvault/client/objectid.c keyvault/client/objectid.h \
	keyvault/client/refusal.c keyvault/client/refusal.h \
	keyvault/client/secret.c keyvault/client/secret.h \
	keyvault/client/unwrap.c keyvault/client/unwrap.h \
	keyvault/client/vault.c keyvault/client/vault.h
