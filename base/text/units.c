/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sizes and times as people read them; see units.h. */
#include "base/text/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct size_text units_size(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	struct size_text out;
	double value = (double)bytes / 1024;
	unsigned int unit = 0;

	if (bytes < 1024) {
		(void)snprintf(out.text, sizeof(out.text), "%" PRIu64 " bytes", bytes);
		return out;
	}
	while (value >= 1024 && unit < 5) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(out.text, sizeof(out.text), "%.1f %s", value, units[unit]);
	return out;
}

/* Seconds from 1601-01-01 to 1970-01-01. */
static const uint64_t epoch_difference = 11644473600U;

struct time_text units_filetime(uint64_t filetime)
{
	struct time_text out = {"unknown"};
	uint64_t seconds = filetime / 10000000;
	struct tm tm;
	time_t time;

	/* years past 9999 do not fit the form, and no disk was made then */
	if (filetime == 0 || seconds > epoch_difference + 253402300799U)
		return out;
	time = (time_t)seconds - (time_t)epoch_difference;
	if (gmtime_r(&time, &tm))
		(void)strftime(out.text, sizeof(out.text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

struct time_text units_unix_time(int64_t seconds)
{
	struct time_text out = {"unknown"};
	time_t time = (time_t)seconds;
	struct tm tm;

	if (seconds > 0 && seconds <= 253402300799 && gmtime_r(&time, &tm))
		(void)strftime(out.text, sizeof(out.text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

struct time_text units_duration(uint64_t seconds)
{
	struct time_text out;
	unsigned int minutes = (unsigned int)(seconds / 60 % 60);
	unsigned int rest = (unsigned int)(seconds % 60);

	if (seconds >= 3600)
		(void)snprintf(out.text, sizeof(out.text), "%" PRIu64 ":%02u:%02u", seconds / 3600,
			       minutes, rest);
	else
		(void)snprintf(out.text, sizeof(out.text), "%u:%02u", minutes, rest);
	return out;
}
