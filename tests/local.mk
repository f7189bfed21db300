# SPDX-License-Identifier: GPL-3.0-or-later
# Tests by stage: each group can be run alone, as make check TESTS='$(MOUNT_TESTS)'.
READER_TESTS = \
	tests/e2e/real-images.sh \
	tests/e2e/made-images.sh \
	tests/e2e/partition-peers.sh
# the longest first: they are run side by side
ORACLE_TESTS = tests/mkade/oracle.sh tests/e2e/states.sh tests/e2e/peers.sh tests/e2e/verify.sh $(READER_TESTS) tests/mkade/oracle-states.sh tests/mkade/oracle-eow.sh tests/mkade/oracle-vista.sh
MOUNT_TESTS = \
	tests/e2e/export.sh \
	tests/e2e/keys.sh \
	tests/e2e/mount-tree.sh \
	tests/e2e/mount-process.sh \
	tests/e2e/mount-helper.sh \
	tests/e2e/mount-refuses.sh \
	tests/e2e/mount-evidence.sh \
	tests/e2e/mount-partly.sh \
	tests/e2e/mount-damaged.sh \
	tests/e2e/engine.sh \
	tests/e2e/mutated-images.sh \
	tests/e2e/bad-input.sh \
	tests/e2e/info.sh \
	tests/e2e/protectors.sh \
	tests/e2e/completion.sh
CLI_VAULT_TESTS = \
	tests/e2e/find.sh \
	tests/e2e/find-parallel.sh \
	tests/e2e/key.sh \
	tests/e2e/key-command.sh \
	tests/e2e/secrets.sh
VAULT_TESTS = $(CLI_VAULT_TESTS) $(KEYVAULT_VAULT_TESTS) $(KEYVAULT_WAITING_TESTS) \
	tests/e2e/troubleshooting.sh \
	tests/vault/life.test.mjs \
	tests/vault/vault.test.mjs \
	tests/vault/faults.test.mjs \
	tests/vault/assertion.test.mjs \
	tests/vault/clouds.test.mjs \
	tests/vault/device.test.mjs \
	tests/vault/managed.test.mjs \
	tests/vault/traps.test.mjs \
	tests/vault/sdk.test.mjs \
	tests/vault/sdk-signin.test.mjs
# Under ThreadSanitizer: where threads meet. Under valgrind: what allocates and frees, once.
TSAN_TESTS = tests/e2e/export.sh tests/e2e/mount-tree.sh tests/e2e/mount-process.sh tests/e2e/find-parallel.sh
VALGRIND_TESTS = tests/e2e/valgrind.sh
VALGRIND_UNIT_TESTS = tests/unit/base-text tests/unit/bde-bek tests/unit/bde-metadata tests/unit/cli-options \
	tests/unit/fs-tree tests/unit/keyvault-answers tests/unit/net-json tests/unit/net-url

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS) $(MOUNT_TESTS) $(VAULT_TESTS) $(ORACLE_TESTS)
EXTRA_DIST += $(VALGRIND_TESTS) \
	tests/vault/.npmrc tests/vault/package.json tests/vault/package-lock.json \
	tests/vault/arckeys.mjs \
	tests/vault/assertion.mjs \
	tests/vault/check.mjs \
	tests/vault/clouds.mjs \
	tests/vault/config.mjs \
	tests/vault/control.mjs \
	tests/vault/credentials.mjs \
	tests/vault/device.mjs \
	tests/vault/entraerror.mjs \
	tests/vault/faults.mjs \
	tests/vault/grants.mjs \
	tests/vault/harness.mjs \
	tests/vault/http.mjs \
	tests/vault/journal.mjs \
	tests/vault/jwt.mjs \
	tests/vault/keys.mjs \
	tests/vault/managed.mjs \
	tests/vault/sdk-managed.mjs \
	tests/vault/sdk.mjs \
	tests/vault/secrets.mjs \
	tests/vault/server.mjs \
	tests/vault/signinconfig.mjs \
	tests/vault/store.mjs \
	tests/vault/tap.mjs \
	tests/vault/tls.mjs \
	tests/vault/tokens.mjs \
	tests/vault/traps.mjs \
	tests/vault/vault.mjs \
	tests/vault/world.mjs \
	tests/vault/wreck.mjs
EXTRA_DIST += $(MOUNT_TESTS) $(VAULT_TESTS) $(ORACLE_TESTS) tests/lib.sh tests/lsan.supp tests/tsan.supp

TEST_EXTENSIONS = .sh .mjs
AM_TESTS_ENVIRONMENT = \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	LSAN_OPTIONS='suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0'; export LSAN_OPTIONS;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash
MJS_LOG_DRIVER = $(LOG_DRIVER)
MJS_LOG_COMPILER = node

# The image maker shares no library with what it tests; without libgcrypt the tests that need it skip.
if HAVE_GCRYPT
check_PROGRAMS += tests/mkade/mkade
endif
tests_mkade_mkade_SOURCES = \
	tests/mkade/cipher.c tests/mkade/cipher.h \
	tests/mkade/datum.c tests/mkade/datum.h \
	tests/mkade/disk.c tests/mkade/disk.h \
	tests/mkade/efi.c \
	tests/mkade/eow.c tests/mkade/eow.h tests/mkade/eowwrite.c \
	tests/mkade/fsmap.c tests/mkade/fsmap.h \
	tests/mkade/gpt.c \
	tests/mkade/manifest.c tests/mkade/manifest.h \
	tests/mkade/meta.c tests/mkade/meta.h \
	tests/mkade/mkade.c \
	tests/mkade/ntfs.c \
	tests/mkade/protector.c tests/mkade/protector.h \
	tests/mkade/regions.c tests/mkade/regions.h \
	tests/mkade/show.c tests/mkade/show.h tests/mkade/showeow.c \
	tests/mkade/util.c tests/mkade/util.h \
	tests/mkade/vhd.c \
	tests/mkade/vista.c tests/mkade/vista.h \
	tests/mkade/volume.c tests/mkade/volume.h
tests_mkade_mkade_CFLAGS = $(AM_CFLAGS) $(GCRYPT_CFLAGS)
tests_mkade_mkade_LDADD = $(GCRYPT_LIBS)
EXTRA_DIST += tests/mkade/mkntfs.sh tests/mkade/peers.sh

# A libbde that is wrong by one bit, to be preloaded.
if HAVE_LIBBDE
check_DATA += tests/tools/libbde-flip.so
endif
tests/tools/libbde-flip.so: tests/tools/libbde-flip.c
	$(AM_V_CCLD)$(MKDIR_P) tests/tools && $(CC) $(CPPFLAGS) -D_GNU_SOURCE $(LIBBDE_CFLAGS) $(CFLAGS) -shared -fPIC \
		-o $@ $(top_srcdir)/tests/tools/libbde-flip.c
EXTRA_DIST += tests/tools/libbde-flip.c
CLEANFILES += tests/tools/libbde-flip.so

# Only for scripts/bench, which makes them by name.
EXTRA_PROGRAMS = tests/tools/bench-cipher tests/tools/bench-read
tests_tools_bench_cipher_SOURCES = tests/tools/bench-cipher.c
tests_tools_bench_cipher_LDADD = $(bde_parts)
tests_tools_bench_read_SOURCES = tests/tools/bench-read.c
tests_tools_bench_read_LDADD = -lpthread
CLEANFILES += $(EXTRA_PROGRAMS)

# A medium that fails under an export, to be preloaded.
check_DATA += tests/tools/export-fault.so
tests/tools/export-fault.so: tests/tools/export-fault.c
	$(AM_V_CCLD)$(MKDIR_P) tests/tools && $(CC) $(CPPFLAGS) -D_GNU_SOURCE $(CFLAGS) -shared -fPIC \
		-o $@ $(top_srcdir)/tests/tools/export-fault.c -ldl
EXTRA_DIST += tests/tools/export-fault.c
CLEANFILES += tests/tools/export-fault.so

include tests/fuzz/local.mk
