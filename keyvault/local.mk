# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += keyvault/libkeyvault.a
keyvault_libkeyvault_a_SOURCES = \
	keyvault/ade.c keyvault/ade.h \
	keyvault/bekfetch.c keyvault/bekfetch.h \
	keyvault/challenge.c keyvault/challenge.h \
	keyvault/cloud.c keyvault/cloud.h \
	keyvault/command.c keyvault/command.h \
	keyvault/credential.h \
	keyvault/credential_cli.c \
	keyvault/credential_env.c \
	keyvault/entra.c keyvault/entra.h \
	keyvault/keyvault.c keyvault/keyvault.h \
	keyvault/objectid.c keyvault/objectid.h \
	keyvault/refusal.c keyvault/refusal.h \
	keyvault/search.c keyvault/search.h \
	keyvault/secret.c keyvault/secret.h \
	keyvault/token.c keyvault/token.h \
	keyvault/unwrap.c keyvault/unwrap.h \
	keyvault/vault.c keyvault/vault.h

# keyvault/ by itself, for the end-to-end tests.
check_PROGRAMS += tests/tools/vault-get
tests_tools_vault_get_SOURCES = tests/tools/vault-get.c
tests_tools_vault_get_LDADD = keyvault/libkeyvault.a net/libnet.a base/libbase.a \
	$(CURL_LIBS) $(CJSON_LIBS) -lm
