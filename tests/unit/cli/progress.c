/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line of the progress bar: share, size, rate and time left, at every extreme. */
#include "cli/terminal/progress.h"

#include "base/text/units.h"
#include "tests/tap.h"

static const uint64_t mib = 1 << 20;

static const char *line(uint64_t done, uint64_t total, uint64_t elapsed)
{
	static struct progress_text text;

	text = progress_format("p3", 0, done, total, elapsed);
	return text.text;
}

int main(void)
{
	is_text(line(0, 24 * mib, 0), "p3: [----------------] 0 % of 24.0 MiB", "at the start");
	is_text(line(0, 24 * mib, 90000), "p3: [----------------] 0 % of 24.0 MiB",
		"stuck at the start: no rate, no end");
	is_text(line(6 * mib, 24 * mib, 999), "p3: [####------------] 25 % of 24.0 MiB",
		"too early for a rate");
	is_text(line(12 * mib, 24 * mib, 6000),
		"p3: [########--------] 50 % of 24.0 MiB, 2.0 MiB/s, 0:06 left", "half way");
	is_text(line(24 * mib, 24 * mib, 6000),
		"p3: [################] 100 % of 24.0 MiB, 4.0 MiB/s, 0:00 left", "the end");
	is_text(line(1 << 30, (uint64_t)4 << 40, 10000),
		"p3: [----------------] 0 % of 4.0 TiB, 102.4 MiB/s, 11:22:30 left",
		"hours, with seconds that are odd");
	is_text(line(0, 0, 5000), "p3: [################] 100 % of 0 bytes", "nothing to do");
	is_text(progress_format("p3", 6 * mib, 12 * mib, 24 * mib, 6000).text,
		"p3: [########--------] 50 % of 24.0 MiB, 1.0 MiB/s, 0:12 left",
		"what was done before counts for no rate");
	is_text(progress_format("p3", 12 * mib, 12 * mib, 24 * mib, 6000).text,
		"p3: [########--------] 50 % of 24.0 MiB", "nothing done but that: no rate");
	is_text(units_duration(59).text, "0:59", "a time in seconds");
	is_text(units_duration(3600).text, "1:00:00", "a time in hours");
	ok(strlen(line(1, UINT64_MAX, UINT64_MAX)) < sizeof(struct progress_text),
	   "the largest numbers fit");
	return tap_done();
}
