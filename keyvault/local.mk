# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += keyvault/libkeyvault.a
keyvault_libkeyvault_a_SOURCES = \
	keyvault/ade.c keyvault/ade.h \
	keyvault/ahead.c keyvault/ahead.h \
	keyvault/arc.c keyvault/arc.h \
	keyvault/assertion.c keyvault/assertion.h \
	keyvault/azurejson.c keyvault/azurejson.h \
	keyvault/bekfetch.c keyvault/bekfetch.h \
	keyvault/challenge.c keyvault/challenge.h \
	keyvault/cloud.c keyvault/cloud.h \
	keyvault/command.c keyvault/command.h \
	keyvault/credential.c keyvault/credential.h \
	keyvault/credential_cli.c \
	keyvault/credential_device.c \
	keyvault/credential_env.c \
	keyvault/credential_managed.c \
	keyvault/credential_token.c \
	keyvault/credential_workload.c \
	keyvault/crypto.c keyvault/crypto.h \
	keyvault/device.c keyvault/device.h \
	keyvault/entra.c keyvault/entra.h \
	keyvault/keyvault.c keyvault/keyvault.h \
	keyvault/managed.c keyvault/managed.h \
	keyvault/objectid.c keyvault/objectid.h \
	keyvault/offer.c keyvault/offer.h \
	keyvault/portal.c keyvault/portal.h \
	keyvault/refusal.c keyvault/refusal.h \
	keyvault/search.c keyvault/search.h \
	keyvault/secret.c keyvault/secret.h \
	keyvault/token.c keyvault/token.h \
	keyvault/unwrap.c keyvault/unwrap.h \
	keyvault/vault.c keyvault/vault.h \
	keyvault/versions.c keyvault/versions.h

KEYVAULT_TEST_LIBS = keyvault/libkeyvault.a $(NET_TEST_LIBS) $(CRYPTO_LIBS)

UNIT_TESTS += tests/unit/keyvault-trust tests/unit/keyvault-answers tests/unit/keyvault-ade \
	tests/unit/keyvault-assertion tests/unit/keyvault-managed
UNIT_TESTS += tests/unit/keyvault-azurejson
tests_unit_keyvault_azurejson_SOURCES = tests/unit/keyvault-azurejson.c tests/tap.h
tests_unit_keyvault_azurejson_LDADD = $(KEYVAULT_TEST_LIBS)
tests_unit_keyvault_trust_SOURCES = tests/unit/keyvault-trust.c tests/tap.h
tests_unit_keyvault_trust_LDADD = $(KEYVAULT_TEST_LIBS)
tests_unit_keyvault_answers_SOURCES = tests/unit/keyvault-answers.c tests/tap.h
tests_unit_keyvault_answers_LDADD = $(KEYVAULT_TEST_LIBS)
tests_unit_keyvault_ade_SOURCES = tests/unit/keyvault-ade.c tests/tap.h
tests_unit_keyvault_ade_LDADD = $(KEYVAULT_TEST_LIBS)

tests_unit_keyvault_assertion_SOURCES = tests/unit/keyvault-assertion.c tests/tap.h
tests_unit_keyvault_assertion_LDADD = $(KEYVAULT_TEST_LIBS)
tests_unit_keyvault_managed_SOURCES = tests/unit/keyvault-managed.c tests/tap.h
tests_unit_keyvault_managed_LDADD = $(KEYVAULT_TEST_LIBS)

# keyvault/ by itself, for the end-to-end tests.
EXTRA_DIST += tests/tools/connect-proxy.mjs tests/tools/silent.py
check_PROGRAMS += tests/tools/vault-get
tests_tools_vault_get_SOURCES = tests/tools/vault-get.c
tests_tools_vault_get_LDADD = $(KEYVAULT_TEST_LIBS)

# These wait for clocks: not under the sanitizers.
KEYVAULT_WAITING_TESTS = tests/e2e/vault-network.sh tests/e2e/sign-in-clouds.sh tests/e2e/sign-in-renewal.sh tests/e2e/sign-in-patience.sh
KEYVAULT_VAULT_TESTS = \
	tests/e2e/sign-in.sh \
	tests/e2e/sign-in-trust.sh \
	tests/e2e/vault-traps.sh \
	tests/e2e/vault-doubt.sh \
	tests/e2e/vault-find.sh \
	tests/e2e/vault-refuses.sh \
	tests/e2e/vault-trust.sh
