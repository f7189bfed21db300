/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sizes and times as people read them. Returned by value, for printf. */
#ifndef ADEFUSE_BASE_TEXT_UNITS_H
#define ADEFUSE_BASE_TEXT_UNITS_H

#include <stdint.h>

struct size_text {
	char text[32];
};

struct time_text {
	char text[32];
};

/* Bytes as "127.0 GiB". */
struct size_text units_size(uint64_t bytes);

/* A FILETIME (100 ns since 1601-01-01 UTC) as "2020-09-15T08:33:12Z"; "unknown" when out of range
 * or 0. */
struct time_text units_filetime(uint64_t filetime);

/* A time span as "0:12" or "1:02:33". */
struct time_text units_duration(uint64_t seconds);

/* Seconds since 1970 in the form of units_filetime(). */
struct time_text units_unix_time(int64_t seconds);

#endif
