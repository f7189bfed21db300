# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += cli/libcli.a
cli_libcli_a_SOURCES = \
	cli/attempt.h \
	cli/command.c cli/command.h \
	cli/command_export.c \
	cli/command_info.c \
	cli/command_key.c \
	cli/command_mount.c \
	cli/command_verify.c \
	cli/compare.c cli/compare.h \
	cli/daemon.c cli/daemon.h \
	cli/evidence.c cli/evidence.h \
	cli/export.c cli/export.h \
	cli/export_check.c cli/export_check.h \
	cli/interrupt.c cli/interrupt.h \
	cli/keeper.c cli/keeper.h \
	cli/keytable.c cli/keytable.h \
	cli/options.c cli/options.h \
	cli/output.c cli/output.h \
	cli/pipeline.c cli/pipeline.h \
	cli/plaindisk.c cli/plaindisk.h \
	cli/progress.c cli/progress.h \
	cli/ranges.c cli/ranges.h \
	cli/report.c cli/report.h \
	cli/report_json.c \
	cli/resume.c cli/resume.h \
	cli/secret_source.c cli/secret_source.h \
	cli/signin.c cli/signin.h \
	cli/survey.c cli/survey.h \
	cli/units.c cli/units.h \
	cli/unlock.c cli/unlock.h \
	cli/unlock_vault.c \
	cli/unreadable.c cli/unreadable.h \
	cli/zeros.h

bin_PROGRAMS += adefuse
adefuse_SOURCES = cli/main.c
adefuse_LDADD = cli/libcli.a fs/libfs.a bde/libbitlocker.a disk/libdisk.a keyvault/libkeyvault.a net/libnet.a \
	base/libbase.a $(FUSE_LIBS) $(CRYPTO_LIBS) $(CJSON_LIBS) $(LIBBDE_LIBS) -lpthread -lm

UNIT_TESTS += tests/unit/cli-compare tests/unit/cli-options tests/unit/cli-pipeline tests/unit/cli-progress \
	tests/unit/cli-resume tests/unit/cli-survey \
	tests/unit/fs-readahead \
	tests/unit/fs-tree
tests_unit_cli_compare_SOURCES = tests/unit/cli-compare.c tests/fault.c tests/fault.h tests/tap.h
tests_unit_cli_compare_LDADD = cli/libcli.a disk/libdisk.a base/libbase.a -lpthread
tests_unit_cli_pipeline_SOURCES = tests/unit/cli-pipeline.c tests/fault.c tests/fault.h tests/tap.h
tests_unit_cli_pipeline_LDADD = cli/libcli.a disk/libdisk.a base/libbase.a -lpthread
tests_unit_cli_resume_SOURCES = tests/unit/cli-resume.c tests/tap.h
tests_unit_cli_resume_LDADD = cli/libcli.a base/libbase.a
tests_unit_cli_progress_SOURCES = tests/unit/cli-progress.c tests/tap.h
tests_unit_cli_progress_LDADD = cli/libcli.a base/libbase.a
tests_unit_cli_options_SOURCES = tests/unit/cli-options.c tests/tap.h
tests_unit_cli_options_LDADD = $(adefuse_LDADD)
tests_unit_cli_survey_SOURCES = tests/unit/cli-survey.c tests/tap.h
tests_unit_cli_survey_LDADD = $(adefuse_LDADD)
tests_unit_fs_readahead_SOURCES = tests/unit/fs-readahead.c tests/tap.h
tests_unit_fs_readahead_LDADD = fs/libfs.a base/libbase.a
tests_unit_fs_tree_SOURCES = tests/unit/fs-tree.c tests/tap.h
tests_unit_fs_tree_LDADD = fs/libfs.a disk/libdisk.a base/libbase.a $(FUSE_LIBS)

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
