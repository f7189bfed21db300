/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clock for durations. */
#ifndef ADEFUSE_BASE_CLOCK_H
#define ADEFUSE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since some moment; never goes back. From any thread. */
static inline uint64_t clock_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
