/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines to standard error or syslog; see logger.h. Each line is one write, so threads do not mix
 * theirs.
 *
 * `terminal` puts the lines of threads and the progress line in order: a line first clears the
 * progress that is shown. Everything else is set before threads start.
 */
#include "cli/terminal/logger.h"

#include <pthread.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"

#define CLEAR "\r\033[K"

static const struct {
	const char *tag;
	enum logger_level level;
	int priority;
} kinds[] = {
	[LOG_KIND_ERROR] = {"error: ", LOGGER_ERRORS, LOG_ERR},
	[LOG_KIND_HINT] = {"hint: ", LOGGER_ERRORS, LOG_ERR},
	[LOG_KIND_WARNING] = {"warning: ", LOGGER_NOTICES, LOG_WARNING},
	[LOG_KIND_NOTICE] = {"", LOGGER_NOTICES, LOG_NOTICE},
	[LOG_KIND_INFO] = {"info: ", LOGGER_INFO, LOG_INFO},
	[LOG_KIND_DEBUG] = {"debug: ", LOGGER_DEBUG, LOG_DEBUG},
};

static enum logger_level current_level = LOGGER_NOTICES;
static bool use_syslog;
static pthread_mutex_t terminal = PTHREAD_MUTEX_INITIALIZER;
static bool progress_shown; /* under `terminal` */

void logger_set_level(enum logger_level level)
{
	current_level = level;
}

enum logger_level logger_get_level(void)
{
	return current_level;
}

void logger_to_syslog(void)
{
	openlog("adefuse", LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

bool logger_has_progress(void)
{
	return !use_syslog && current_level == LOGGER_NOTICES && isatty(STDERR_FILENO);
}

static bool print(const char *line, int length)
{
	return length > 0 && write(STDERR_FILENO, line, (size_t)length) > 0;
}

static void clear_progress(void)
{
	if (progress_shown)
		(void)print(CLEAR, sizeof(CLEAR) - 1);
	progress_shown = false;
}

static void show_progress(const char *text)
{
	char line[ERR_TEXT_MAX + 32];
	int length = 0;

	if (*text && !logger_has_progress())
		return;
	if (*text)
		length = snprintf(line, sizeof(line), CLEAR "adefuse: %s", text);
	pthread_mutex_lock(&terminal);
	if (!*text)
		clear_progress();
	else if (print(line, length))
		progress_shown = true;
	pthread_mutex_unlock(&terminal);
}

static void show_line(enum log_kind kind, const char *text)
{
	char line[ERR_TEXT_MAX + 32];
	int length;

	if (kinds[kind].level > current_level)
		return;
	if (use_syslog) {
		syslog(kinds[kind].priority, "%s%s", kinds[kind].tag, text);
		return;
	}
	length = snprintf(line, sizeof(line), "adefuse: %s%s\n", kinds[kind].tag, text);
	pthread_mutex_lock(&terminal);
	clear_progress();
	(void)print(line, length);
	pthread_mutex_unlock(&terminal);
}

static void show(enum log_kind kind, const char *text)
{
	if (kind == LOG_KIND_PROGRESS)
		show_progress(text);
	else
		show_line(kind, text);
}

void logger_start(void)
{
	log_set_sink(show);
}
