# SPDX-License-Identifier: GPL-3.0-or-later
# Small programs for the end-to-end tests, each over one folder of the house.
check_PROGRAMS += tests/tools/bde-cat tests/tools/open-disk tests/tools/show-disk tests/tools/vault-get
tests_tools_bde_cat_SOURCES = tests/tools/bde-cat.c
# the door, and what it stands on: nothing of cli/, fs/ or export/
tests_tools_open_disk_SOURCES = tests/tools/open-disk.c
tests_tools_open_disk_LDADD = $(DOOR_PARTS)
tests_tools_show_disk_SOURCES = tests/tools/show-disk.c
tests_tools_vault_get_SOURCES = tests/tools/vault-get.c
EXTRA_DIST += tests/tools/connect-proxy.mjs tests/tools/silent.py

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
