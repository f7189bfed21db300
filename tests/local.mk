# SPDX-License-Identifier: GPL-3.0-or-later
# Tests by stage: each group can be run alone, as make check TESTS='$(MOUNT_TESTS)'.
READER_TESTS = \
	tests/e2e/disk/real-images.sh \
	tests/e2e/disk/made-images.sh \
	tests/e2e/disk/partition-peers.sh
# the longest first: they are run side by side
ORACLE_TESTS = \
	tests/mkade/oracle.sh \
	tests/e2e/disk/states.sh \
	tests/e2e/disk/peers.sh \
	tests/e2e/disk/verify.sh \
	$(READER_TESTS) \
	tests/mkade/oracle-states.sh \
	tests/mkade/oracle-eow.sh \
	tests/mkade/oracle-vista.sh
MOUNT_TESTS = \
	tests/e2e/disk/export.sh \
	tests/e2e/keys/keys.sh \
	tests/e2e/mount/tree.sh \
	tests/e2e/mount/process.sh \
	tests/e2e/mount/helper.sh \
	tests/e2e/mount/refuses.sh \
	tests/e2e/mount/evidence.sh \
	tests/e2e/mount/partly.sh \
	tests/e2e/mount/damaged.sh \
	tests/e2e/mount/libcurl.sh \
	tests/e2e/disk/engine.sh \
	tests/e2e/disk/mutated-images.sh \
	tests/e2e/disk/bad-input.sh \
	tests/e2e/disk/info.sh \
	tests/e2e/keys/protectors.sh \
	tests/e2e/helpers.sh \
	tests/e2e/keys/completion.sh \
	tests/e2e/keys/door.sh \
	tests/e2e/keys/help.sh
CLI_VAULT_TESTS = \
	tests/e2e/keys/find.sh \
	tests/e2e/keys/find-parallel.sh \
	tests/e2e/keys/key.sh \
	tests/e2e/keys/key-command.sh \
	tests/e2e/keys/secrets.sh
# These wait for clocks: not under the sanitizers.
KEYVAULT_WAITING_TESTS = \
	tests/e2e/vault/network.sh \
	tests/e2e/vault/sign-in-clouds.sh \
	tests/e2e/vault/sign-in-renewal.sh \
	tests/e2e/vault/sign-in-patience.sh
KEYVAULT_VAULT_TESTS = \
	tests/e2e/vault/sign-in.sh \
	tests/e2e/vault/sign-in-trust.sh \
	tests/e2e/vault/traps.sh \
	tests/e2e/vault/doubt.sh \
	tests/e2e/vault/find.sh \
	tests/e2e/vault/refuses.sh \
	tests/e2e/vault/trust.sh
VAULT_TESTS = $(CLI_VAULT_TESTS) $(KEYVAULT_VAULT_TESTS) $(KEYVAULT_WAITING_TESTS) \
	tests/e2e/keys/troubleshooting.sh \
	tests/vault/tests/life.test.mjs \
	tests/vault/tests/vault.test.mjs \
	tests/vault/tests/faults.test.mjs \
	tests/vault/tests/assertion.test.mjs \
	tests/vault/tests/clouds.test.mjs \
	tests/vault/tests/device.test.mjs \
	tests/vault/tests/managed.test.mjs \
	tests/vault/tests/traps.test.mjs \
	tests/vault/tests/sdk.test.mjs \
	tests/vault/tests/sdk-signin.test.mjs
# Of what checks the code and runs the tests.
SCRIPT_TESTS = tests/scripts/house.py tests/scripts/limit.sh
# Under ThreadSanitizer: where threads meet. Under valgrind: what allocates and frees, once.
TSAN_TESTS = tests/e2e/disk/export.sh tests/e2e/mount/tree.sh tests/e2e/mount/process.sh tests/e2e/keys/find-parallel.sh
VALGRIND_TESTS = tests/e2e/mount/valgrind.sh
# On another release, in a chroot.
RELEASE_TESTS = tests/e2e/mount/tree.sh tests/e2e/mount/process.sh tests/e2e/disk/engine.sh \
	tests/e2e/disk/verify.sh
VALGRIND_UNIT_TESTS = tests/unit/base/text tests/unit/bde/bek tests/unit/bde/metadata tests/unit/cli/options \
	tests/unit/fs/tree tests/unit/keyvault/answers tests/unit/net/json tests/unit/net/url

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS) $(SCRIPT_TESTS) $(MOUNT_TESTS) $(VAULT_TESTS) $(ORACLE_TESTS)
EXTRA_DIST += $(VALGRIND_TESTS) \
	tests/vault/.npmrc tests/vault/package.json tests/vault/package-lock.json \
	tests/vault/vault.mjs \
	tests/vault/server/check.mjs \
	tests/vault/server/config.mjs \
	tests/vault/server/control.mjs \
	tests/vault/server/faults.mjs \
	tests/vault/server/http.mjs \
	tests/vault/server/journal.mjs \
	tests/vault/server/keys.mjs \
	tests/vault/server/secrets.mjs \
	tests/vault/server/server.mjs \
	tests/vault/server/store.mjs \
	tests/vault/server/tls.mjs \
	tests/vault/server/traps.mjs \
	tests/vault/server/world.mjs \
	tests/vault/server/wreck.mjs \
	tests/vault/entra/arckeys.mjs \
	tests/vault/entra/assertion.mjs \
	tests/vault/entra/clouds.mjs \
	tests/vault/entra/credentials.mjs \
	tests/vault/entra/device.mjs \
	tests/vault/entra/entraerror.mjs \
	tests/vault/entra/grants.mjs \
	tests/vault/entra/jwt.mjs \
	tests/vault/entra/managed.mjs \
	tests/vault/entra/signinconfig.mjs \
	tests/vault/entra/tokens.mjs \
	tests/vault/tests/harness.mjs \
	tests/vault/tests/sdk-managed.mjs \
	tests/vault/tests/sdk.mjs \
	tests/vault/tests/tap.mjs
EXTRA_DIST += $(SCRIPT_TESTS) $(MOUNT_TESTS) $(VAULT_TESTS) $(ORACLE_TESTS) tests/can tests/own-mounts tests/lib.sh tests/e2e/vault.sh tests/limit.py \
	tests/lsan.supp tests/tsan.supp

TEST_EXTENSIONS = .sh .mjs .py
AM_TESTS_ENVIRONMENT = \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	LSAN_OPTIONS='suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0'; export LSAN_OPTIONS;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
MJS_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_DRIVER = $(LOG_DRIVER)
# Every test has a time limit. TEST_RUNNER is what runs the unit tests, such as valgrind or an emulator.
LIMITED = python3 $(top_srcdir)/tests/limit.py
TEST_RUNNER =
LOG_COMPILER = $(LIMITED) $(TEST_RUNNER)
SH_LOG_COMPILER = $(LIMITED) bash
MJS_LOG_COMPILER = $(LIMITED) node
PY_LOG_COMPILER = $(LIMITED) python3

# The image maker shares no library with what it tests; without libgcrypt the tests that need it skip.
if HAVE_GCRYPT
check_PROGRAMS += tests/mkade/mkade
endif
tests_mkade_mkade_SOURCES = \
	tests/mkade/manifest.c tests/mkade/manifest.h \
	tests/mkade/mkade.c \
	tests/mkade/random.c tests/mkade/random.h \
	tests/mkade/regions.c tests/mkade/regions.h \
	tests/mkade/show.c tests/mkade/show.h \
	tests/mkade/showeow.c \
	tests/mkade/util.c tests/mkade/util.h \
	tests/mkade/volume.c tests/mkade/volume.h \
	tests/mkade/bde/cipher.c tests/mkade/bde/cipher.h \
	tests/mkade/bde/datum.c tests/mkade/bde/datum.h \
	tests/mkade/bde/eow.c tests/mkade/bde/eow.h \
	tests/mkade/bde/eowwrite.c \
	tests/mkade/bde/meta.c tests/mkade/bde/meta.h \
	tests/mkade/bde/plan.c tests/mkade/bde/plan.h \
	tests/mkade/bde/protector.c tests/mkade/bde/protector.h \
	tests/mkade/bde/vista.c tests/mkade/bde/vista.h \
	tests/mkade/disk/disk.c tests/mkade/disk/disk.h \
	tests/mkade/disk/efi.c \
	tests/mkade/disk/fsmap.c tests/mkade/disk/fsmap.h \
	tests/mkade/disk/gpt.c \
	tests/mkade/disk/ntfs.c \
	tests/mkade/disk/vhd.c
tests_mkade_mkade_CFLAGS = $(AM_CFLAGS) $(GCRYPT_CFLAGS)
tests_mkade_mkade_LDADD = $(GCRYPT_LIBS)
EXTRA_DIST += tests/mkade/mkntfs.sh tests/mkade/peers.sh

include tests/unit/local.mk
include tests/tools/local.mk
include tests/fuzz/local.mk
