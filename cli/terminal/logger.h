/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the program's lines (base/log.h) go: "adefuse: warning: ..." on standard error, or syslog
 * in the background. What is being waited for is shown on a terminal only.
 *
 * Threads: all of it before threads start, but for logger_has_progress().
 */
#ifndef ADEFUSE_CLI_TERMINAL_LOGGER_H
#define ADEFUSE_CLI_TERMINAL_LOGGER_H

#include <stdbool.h>

enum logger_level {
	LOGGER_ERRORS,	/* -q */
	LOGGER_NOTICES, /* errors, warnings, what came of it */
	LOGGER_INFO,	/* -v */
	LOGGER_DEBUG,	/* -vv */
};

/* From here on lines are printed; before, they are dropped. */
void logger_start(void);

/* LOGGER_NOTICES at first. */
void logger_set_level(enum logger_level level);
enum logger_level logger_get_level(void);

/* From here on lines go to syslog instead of standard error, which a daemon has closed. */
void logger_to_syslog(void);

/*
 * Whether progress is shown: not when standard error is no terminal, not with -q and -v (whose
 * lines would tear it), and not after logger_to_syslog(). Of several threads' the last is shown.
 */
bool logger_has_progress(void);

#endif
