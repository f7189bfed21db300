/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines for a person: "adefuse: warning: ..." on standard error, or syslog once daemonised.
 *
 * Threads: log_set_level() and log_to_syslog() before threads start; the rest from any thread.
 * Never pass a secret: nothing here can tell one from other text.
 */
#ifndef ADEFUSE_BASE_LOG_H
#define ADEFUSE_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,	 /* -v */
	LOG_LEVEL_DEBUG, /* -vv */
};

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* From here on lines go to syslog instead of standard error, which a daemon has closed. */
void log_to_syslog(void);

/* What came of it, without a tag: said unless -q. */
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A line that says what is being waited for, on a terminal only: the next line of any kind takes
 * its place. Nothing is shown when standard error is no terminal, with -q and -v (whose lines would
 * tear it), and after log_to_syslog(). From any thread; of several the last is shown.
 */
bool log_has_progress(void);
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_progress_end(void);

/* "adefuse: error: MESSAGE" and, when there is one, "adefuse: hint: HINT". */
void log_err(const struct err *err);

#endif
