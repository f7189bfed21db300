/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log lines to standard error or syslog; one write per line, so that threads do not mix theirs.
 *
 * `terminal` orders the lines of threads with the progress line: what is shown of it, and the
 * clearing of it before a line. Everything else is set before threads start.
 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

static enum log_level current_level = LOG_LEVEL_WARNING;
static bool use_syslog;
static pthread_mutex_t terminal = PTHREAD_MUTEX_INITIALIZER;
static bool progress_shown; /* under `terminal` */

void log_set_level(enum log_level level)
{
	current_level = level;
}

enum log_level log_get_level(void)
{
	return current_level;
}

void log_to_syslog(void)
{
	openlog("adefuse", LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

bool log_has_progress(void)
{
	return !use_syslog && current_level == LOG_LEVEL_WARNING && isatty(STDERR_FILENO);
}

static void clear_progress(void)
{
	static const char clear[] = "\r\033[K";

	if (!progress_shown)
		return;
	progress_shown = false;
	if (write(STDERR_FILENO, clear, sizeof(clear) - 1) < 0)
		return; /* nowhere left to clear */
}

void log_progress_end(void)
{
	pthread_mutex_lock(&terminal);
	clear_progress();
	pthread_mutex_unlock(&terminal);
}

void log_progress(const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	char line[ERR_TEXT_MAX + 32];
	va_list args;
	int length;

	if (!log_has_progress())
		return;
	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0)
		return;
	err_sanitise(text);
	length = snprintf(line, sizeof(line), "\r\033[Kadefuse: %s", text);
	pthread_mutex_lock(&terminal);
	if (length > 0 && write(STDERR_FILENO, line, (size_t)length) > 0)
		progress_shown = true;
	pthread_mutex_unlock(&terminal);
}

static void emit(int priority, const char *tag, const char *text)
{
	char line[ERR_TEXT_MAX + 32];
	int length;

	if (use_syslog) {
		syslog(priority, "%s%s%s", tag, *tag ? ": " : "", text);
		return;
	}
	length = snprintf(line, sizeof(line), "adefuse: %s%s%s\n", tag, *tag ? ": " : "", text);
	if (length < 0)
		return;
	pthread_mutex_lock(&terminal);
	clear_progress();
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		progress_shown = false; /* nowhere left to say it */
	pthread_mutex_unlock(&terminal);
}

static void emit_format(enum log_level level, int priority, const char *tag, const char *format,
			va_list args) __attribute__((format(printf, 4, 0)));

static void emit_format(enum log_level level, int priority, const char *tag, const char *format,
			va_list args)
{
	char text[ERR_TEXT_MAX];

	if (level > current_level)
		return;
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		return;
	err_sanitise(text);
	emit(priority, tag, text);
}

void log_notice(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit_format(LOG_LEVEL_WARNING, LOG_NOTICE, "", format, args);
	va_end(args);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit_format(LOG_LEVEL_ERROR, LOG_ERR, "error", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit_format(LOG_LEVEL_WARNING, LOG_WARNING, "warning", format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit_format(LOG_LEVEL_INFO, LOG_INFO, "info", format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit_format(LOG_LEVEL_DEBUG, LOG_DEBUG, "debug", format, args);
	va_end(args);
}

void log_err(const struct err *err)
{
	emit(LOG_ERR, "error", err->message);
	if (err->hint[0])
		emit(LOG_ERR, "hint", err->hint);
}
