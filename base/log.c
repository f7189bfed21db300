/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passing lines on; see log.h. */
#include "base/log.h"

#include <stdarg.h>

static log_sink current;

void log_set_sink(log_sink sink)
{
	current = sink;
}

void log_line(enum log_kind kind, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	if (!current)
		return;
	va_start(args, format);
	err_format(text, format, args);
	va_end(args);
	current(kind, text);
}

void log_err(const struct err *err)
{
	log_line(LOG_KIND_ERROR, "%s", err->message);
	if (err->hint[0])
		log_line(LOG_KIND_HINT, "%s", err->hint);
}
