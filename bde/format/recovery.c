/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A group of six digits is 11 times a number below 65536. The eight numbers, 16 bits each and
 * little-endian, are the 128-bit key. A multiple of 11 catches every single wrong digit and every
 * swap of neighbours.
 */
#include "bde/format/recovery.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/secret.h"

enum {
	GROUP_DIGITS = 6,
	FACTOR = 11
};

static bool is_separator(char c)
{
	return c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int group_error(struct err *err, unsigned int group, const char *why)
{
	int result = err_set(err, ERR_KEY, EINVAL, "group %u %s", group, why);

	err_hint(err, "compare this group with the recovery password that was written down");
	return result;
}

static int count_error(struct err *err, bool too_many)
{
	int result = err_set(err, ERR_KEY, EINVAL, "it has %s than 48 digits (8 groups of 6)",
			     too_many ? "more" : "fewer");

	err_hint(err, "it is printed as 8 groups of 6 digits; 'adefuse info DISK' shows which one "
		      "belongs to the disk");
	return result;
}

/*
 * Length of the run without separators at `p`: one group, or several written without anything
 * between them. `number` is its first group's.
 */
static int measure_run(const char *p, const char *end, unsigned int number, size_t *ret_length,
		       struct err *err)
{
	size_t length = 0;

	for (; p + length < end && !is_separator(p[length]); length++) {
		if (p[length] < '0' || p[length] > '9')
			return group_error(err, number + (unsigned int)(length / GROUP_DIGITS),
					   "has a character that is not a digit");
		if (length >= (size_t)RECOVERY_GROUPS * GROUP_DIGITS)
			return count_error(err, true);
	}
	if (length < GROUP_DIGITS)
		return group_error(err, number, "has fewer than 6 digits");
	if (length < (size_t)2 * GROUP_DIGITS && length > GROUP_DIGITS)
		return group_error(err, number, "has more than 6 digits");
	if (length % GROUP_DIGITS != 0)
		return number == 1 && p + length == end
			       ? count_error(err, false)
			       : group_error(err, number, "has more than 6 digits");
	*ret_length = length;
	return 0;
}

static uint32_t group_value(const char *p)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < GROUP_DIGITS; i++)
		value = value * 10 + (uint32_t)(p[i] - '0');
	return value;
}

static int check_group(uint32_t value, unsigned int number, struct err *err)
{
	if (value >= 65536 * FACTOR)
		return group_error(err, number, "is too large: it must be below 720896");
	if (value % FACTOR != 0)
		return group_error(err, number, "has a typing error: it must be divisible by 11");
	return 0;
}

/* The groups of one run into `key`; moves *groups on. */
static int take_run(const char *p, size_t length, uint8_t *key, unsigned int *groups,
		    struct err *err)
{
	int result = 0;

	for (; length > 0 && result == 0; p += GROUP_DIGITS, length -= GROUP_DIGITS) {
		uint32_t value = group_value(p);
		size_t index = *groups;

		if (index == RECOVERY_GROUPS)
			return count_error(err, true);
		result = check_group(value, (unsigned int)index + 1, err);
		key[2 * index] = (uint8_t)(value / FACTOR);
		key[2 * index + 1] = (uint8_t)(value / FACTOR >> 8);
		(*groups)++;
	}
	return result;
}

int recovery_parse(const char *text, size_t length, uint8_t ret_key[RECOVERY_KEY_SIZE],
		   struct err *err)
{
	uint8_t key[RECOVERY_KEY_SIZE] = {0};
	const char *p = text;
	const char *end = text + length;
	unsigned int groups = 0;
	int result = 0;

	while (end > p && is_separator(end[-1]))
		end--;
	while (result == 0) {
		size_t run = 0;

		while (p < end && is_separator(*p))
			p++;
		if (p == end)
			break;
		result = measure_run(p, end, groups + 1, &run, err);
		if (result == 0)
			result = take_run(p, run, key, &groups, err);
		p += run;
	}
	if (result == 0 && groups < RECOVERY_GROUPS)
		result = count_error(err, false);
	if (result == 0)
		memcpy(ret_key, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	return result;
}
