/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scope-bound ownership: CLEANUP(f) on a variable calls f(&variable) when it goes out of scope,
 * TAKE(variable) moves the value out and leaves NULL, so that it is not freed.
 *
 * DEFINE_CLEANUP(type, function) makes `function##_cleanup(type **)` for a destructor that takes
 * NULL; DEFINE_CLEAR(type, function) makes `function##_cleanup(type *)` for a struct that is
 * cleared in place.
 */
#ifndef ADEFUSE_BASE_CLEANUP_H
#define ADEFUSE_BASE_CLEANUP_H

#include <stdlib.h>

#define CLEANUP(function) __attribute__((cleanup(function##_cleanup)))

#define DEFINE_CLEANUP(type, function)                                                \
	static inline __attribute__((unused)) void function##_cleanup(type **pointer) \
	{                                                                             \
		function(*pointer);                                                   \
	}

#define DEFINE_CLEAR(type, function)                                                 \
	static inline __attribute__((unused)) void function##_cleanup(type *pointer) \
	{                                                                            \
		function(pointer);                                                   \
	}

#define TAKE(pointer)                                   \
	__extension__({                                 \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

/* For any malloc'ed pointer: CLEANUP(free). */
static inline __attribute__((unused)) void free_cleanup(void *pointer)
{
	free(*(void **)pointer);
}

#endif
