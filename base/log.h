/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines for a person: warnings, results, what is being waited for. The program sets one function
 * that takes them all and decides which to show and where; without one they are dropped.
 *
 * Threads: log_set_sink() before threads start; the rest from any thread.
 * Never pass a secret: nothing here can tell one from other text.
 */
#ifndef ADEFUSE_BASE_LOG_H
#define ADEFUSE_BASE_LOG_H

#include "base/err.h"

enum log_kind {
	LOG_KIND_ERROR,
	LOG_KIND_HINT, /* what to do about the error before it */
	LOG_KIND_WARNING,
	LOG_KIND_NOTICE, /* a result */
	LOG_KIND_INFO,
	LOG_KIND_DEBUG,
	/* What is being waited for, until the next line of any kind. "": nothing any more. */
	LOG_KIND_PROGRESS,
};

/*
 * Takes one line, without a line end and safe for a terminal (base/err.h), from any thread and from
 * several at once. `text` is valid during the call.
 */
typedef void (*log_sink)(enum log_kind kind, const char *text);

/* NULL drops the lines. */
void log_set_sink(log_sink sink);

void log_line(enum log_kind kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	   log_line(LOG_KIND_ERROR, __VA_ARGS__)
#define log_warning(...)   log_line(LOG_KIND_WARNING, __VA_ARGS__)
#define log_notice(...)	   log_line(LOG_KIND_NOTICE, __VA_ARGS__)
#define log_info(...)	   log_line(LOG_KIND_INFO, __VA_ARGS__)
#define log_debug(...)	   log_line(LOG_KIND_DEBUG, __VA_ARGS__)
#define log_progress(...)  log_line(LOG_KIND_PROGRESS, __VA_ARGS__)
#define log_progress_end() log_line(LOG_KIND_PROGRESS, "%s", "")

/* The message as an error and, when there is one, the hint. */
void log_err(const struct err *err);

#endif
