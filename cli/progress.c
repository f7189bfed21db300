/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bar on the terminal; see progress.h. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "cli/units.h"

enum {
	BAR = 16,	  /* characters */
	REDRAW_MS = 200,  /* a person reads no faster */
	STEADY_MS = 1000, /* before, a rate is noise */
};

static uint64_t now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
		return 0;
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void progress_start(struct progress *progress, const char *label)
{
	(void)snprintf(progress->label, sizeof(progress->label), "%s", label);
	progress->started = now();
	progress->shown = 0;
}

/* "0:12", "1:02:33" */
static void format_time(uint64_t seconds, char *ret_text, size_t size)
{
	unsigned int minutes = (unsigned int)(seconds / 60 % 60);
	unsigned int rest = (unsigned int)(seconds % 60);

	if (seconds >= 3600)
		(void)snprintf(ret_text, size, "%" PRIu64 ":%02u:%02u", seconds / 3600, minutes,
			       rest);
	else
		(void)snprintf(ret_text, size, "%u:%02u", minutes, rest);
}

struct progress_text progress_format(const char *label, uint64_t done, uint64_t total,
				     uint64_t elapsed)
{
	struct progress_text out;
	double share = total > 0 ? (double)done / (double)total : 1;
	size_t filled = (size_t)(share * BAR);
	char bar[BAR + 1];
	char left[32];
	double rate;
	int used;

	memset(bar, '-', BAR);
	memset(bar, '#', filled < BAR ? filled : BAR);
	bar[BAR] = '\0';
	used = snprintf(out.text, sizeof(out.text), "%s: [%s] %u %% of %s", label, bar,
			(unsigned int)(share * 100), units_size(total).text);
	if (done == 0 || elapsed < STEADY_MS || used < 0 || (size_t)used >= sizeof(out.text))
		return out;
	rate = (double)done * 1000 / (double)elapsed;
	format_time((uint64_t)((double)(total - done) / rate), left, sizeof(left));
	(void)snprintf(out.text + used, sizeof(out.text) - (size_t)used, ", %s/s, %s left",
		       units_size((uint64_t)rate).text, left);
	return out;
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total)
{
	uint64_t time = now();

	if (!log_has_progress() || time - progress->shown < REDRAW_MS)
		return;
	progress->shown = time;
	log_progress("%s",
		     progress_format(progress->label, done, total, time - progress->started).text);
}

void progress_end(void)
{
	log_progress_end();
}
