# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += keyvault/client/libvaultclient.a
keyvault_client_libvaultclient_a_SOURCES = \
	keyvault/client/object_id.c keyvault/client/object_id.h \
	keyvault/client/refusal.c keyvault/client/refusal.h \
	keyvault/client/unwrap.c keyvault/client/unwrap.h \
	keyvault/client/vault.c keyvault/client/vault.h \
	keyvault/client/vault_cloud.c keyvault/client/vault_cloud.h \
	keyvault/client/vault_secret.c keyvault/client/vault_secret.h \
	keyvault/client/vault_trust.c keyvault/client/vault_trust.h
