/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums and products of numbers from outside: true when the result fits, as C23's stdckdint
 * inverted. */
#ifndef ADEFUSE_BASE_CHECKED_H
#define ADEFUSE_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
	return !__builtin_add_overflow(a, b, ret_sum);
}

static inline bool checked_mul(uint64_t a, uint64_t b, uint64_t *ret_product)
{
	return !__builtin_mul_overflow(a, b, ret_product);
}

/* Whether [offset, offset + length) lies within [0, size). */
static inline bool checked_within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

#endif
