# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += cli/terminal/libterminal.a
cli_terminal_libterminal_a_SOURCES = \
	cli/terminal/interrupt.c cli/terminal/interrupt.h \
	cli/terminal/logger.c cli/terminal/logger.h \
	cli/terminal/person.c cli/terminal/person.h \
	cli/terminal/progress.c cli/terminal/progress.h
