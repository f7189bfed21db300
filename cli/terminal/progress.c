/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bar on the terminal; see progress.h. */
#include "cli/terminal/progress.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text/units.h"
#include "cli/terminal/logger.h"

enum {
	BAR = 16,	  /* characters */
	REDRAW_MS = 200,  /* a person reads no faster */
	STEADY_MS = 1000, /* before that a rate is noise */
	LINE_MS = 30000,  /* for a log and its readers */
};

void progress_start(struct progress *progress, const char *label)
{
	(void)snprintf(progress->label, sizeof(progress->label), "%s", label);
	progress->started = clock_ms();
	progress->shown = 0;
	if (progress->lines && !logger_has_progress())
		progress->shown = progress->started;
}

struct progress_text progress_format(const char *label, uint64_t from, uint64_t done,
				     uint64_t total, uint64_t elapsed)
{
	struct progress_text out;
	double share = total > 0 ? (double)done / (double)total : 1;
	size_t filled = (size_t)(share * BAR);
	char bar[BAR + 1];
	double rate;
	int used;

	memset(bar, '-', BAR);
	memset(bar, '#', filled < BAR ? filled : BAR);
	bar[BAR] = '\0';
	used = snprintf(out.text, sizeof(out.text), "%s: [%s] %u %% of %s", label, bar,
			(unsigned int)(share * 100), units_size(total).text);
	if (done <= from || elapsed < STEADY_MS || used < 0 || (size_t)used >= sizeof(out.text))
		return out;
	rate = (double)(done - from) * 1000 / (double)elapsed;
	(void)snprintf(out.text + used, sizeof(out.text) - (size_t)used, ", %s/s, %s left",
		       units_size((uint64_t)rate).text,
		       units_duration((uint64_t)((double)(total - done) / rate)).text);
	return out;
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total)
{
	uint64_t time = clock_ms();
	bool bar = logger_has_progress();
	struct progress_text line;

	if (!(bar || progress->lines) || time - progress->shown < (bar ? REDRAW_MS : LINE_MS))
		return;
	progress->shown = time;
	line = progress_format(progress->label, progress->from, done, total,
			       time - progress->started);
	if (bar)
		log_progress("%s", line.text);
	else
		log_notice("%s", line.text);
}

void progress_end(void)
{
	log_progress_end();
}
