# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash
