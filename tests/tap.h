/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TAP output for unit tests: a line for every check, the plan at the end, so that a test that dies
 * on the way is seen as failed. Not thread-safe: check from one thread.
 */
#ifndef ADEFUSE_TESTS_TAP_H
#define ADEFUSE_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count;
static int tap_failures;

static inline __attribute__((format(printf, 4, 5))) bool tap_check(bool passed, const char *file,
								   int line, const char *format,
								   ...)
{
	va_list args;

	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (!passed) {
		printf("# at %s:%d\n", file, line);
		tap_failures++;
	}
	fflush(stdout);
	return passed;
}

/* One check with a name. */
#define ok(condition, ...) tap_check((condition), __FILE__, __LINE__, __VA_ARGS__)

/* Equal numbers; says both when they differ. */
#define is(got, want, ...)                                              \
	do {                                                            \
		long long got_ = (long long)(got);                      \
		long long want_ = (long long)(want);                    \
		if (!ok(got_ == want_, __VA_ARGS__))                    \
			printf("# got %lld, want %lld\n", got_, want_); \
	} while (0)

/* Equal texts; NULL equals nothing but NULL. */
#define is_text(got, want, ...)                                                                 \
	do {                                                                                    \
		const char *got_ = (got);                                                       \
		const char *want_ = (want);                                                     \
		if (!ok(got_ && want_ ? strcmp(got_, want_) == 0 : got_ == want_, __VA_ARGS__)) \
			printf("# got '%s', want '%s'\n", got_ ? got_ : "(null)",               \
			       want_ ? want_ : "(null)");                                       \
	} while (0)

/* A setup step without which nothing else makes sense. */
#define must(condition)                                                                  \
	do {                                                                             \
		if (!(condition)) {                                                      \
			printf("Bail out! %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			exit(99);                                                        \
		}                                                                        \
	} while (0)

/* Nothing can be tested here, and why. */
static inline __attribute__((unused)) int tap_skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	return 0;
}

static inline __attribute__((unused)) int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures ? 1 : 0;
}

#endif
