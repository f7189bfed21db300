/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether bytes are zeros, at the speed of memory. Pure. */
#ifndef ADEFUSE_BASE_ZEROS_H
#define ADEFUSE_BASE_ZEROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Whether all `size` bytes are zero; true for none. A buffer is zero throughout when its first STEP
 * bytes are, and it equals itself shifted by STEP: memcmp() is the fastest loop there is.
 */
static inline bool zeros_all(const uint8_t *data, size_t size)
{
	enum {
		STEP = 16
	};

	for (size_t i = 0; i < STEP && i < size; i++) {
		if (data[i] != 0)
			return false;
	}
	return size <= STEP || memcmp(data, data + STEP, size - STEP) == 0;
}

#endif
