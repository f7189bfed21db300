# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += cli/libcli.a
cli_libcli_a_SOURCES = \
	cli/command.c cli/command.h \
	cli/command_export.c \
	cli/command_info.c \
	cli/command_key.c \
	cli/command_mount.c \
	cli/command_verify.c \
	cli/daemon.c cli/daemon.h \
	cli/harden.c cli/harden.h \
	cli/key_table.c cli/key_table.h \
	cli/keys.c cli/keys.h \
	cli/option.c cli/option.h \
	cli/optlist.c cli/optlist.h \
	cli/report.c cli/report.h \
	cli/report_json.c

bin_PROGRAMS += adefuse
adefuse_SOURCES = cli/main.c

# mount(8) looks for mount.TYPE; the program knows itself by that name.
install-exec-hook: install-mount-helper
install-mount-helper:
	$(MKDIR_P) "$(DESTDIR)$(mounthelperdir)"
	$(LN_S) -f "$(bindir)/adefuse$(EXEEXT)" "$(DESTDIR)$(mounthelperdir)/mount.adefuse"
uninstall-hook:
	rm -f "$(DESTDIR)$(mounthelperdir)/mount.adefuse"
.PHONY: install-mount-helper

if BASH_COMPLETION
bashcompletion_DATA = cli/completion/adefuse
endif
EXTRA_DIST += cli/completion/adefuse
