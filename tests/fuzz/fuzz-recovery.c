/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: the text of a recovery password. What is taken has 48 digits and nothing but
 * separators besides, is the key that these digits are, and reads the same when it is written in
 * the usual way. What is not taken has words without a digit group of the text.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bde/format/recovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	DIGITS = 48,
	GROUP = 6
};

static void check(int condition)
{
	if (!condition)
		abort();
}

/* The digits of the text; false when there are others than 48, or what is no separator. */
static bool take_digits(const char *text, size_t size, char digits[DIGITS])
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			if (count == DIGITS)
				return false;
			digits[count++] = text[i];
		} else if (!text[i] || !strchr("- \t\r\n", text[i])) {
			return false;
		}
	}
	return count == DIGITS;
}

static void check_key(const char digits[DIGITS], const uint8_t key[RECOVERY_KEY_SIZE])
{
	uint8_t again[RECOVERY_KEY_SIZE];
	char usual[DIGITS + 8];
	size_t length = 0;

	for (size_t i = 0; i < RECOVERY_GROUPS; i++) {
		char group[GROUP + 1] = {0};
		unsigned long value;

		memcpy(group, digits + GROUP * i, GROUP);
		value = strtoul(group, NULL, 10);
		check(value % 11 == 0 && value / 11 < 65536);
		check((size_t)(key[2 * i] | key[2 * i + 1] << 8) == value / 11);
		length += (size_t)snprintf(usual + length, sizeof(usual) - length, "%s%s",
					   i ? "-" : "", group);
	}
	check(recovery_parse(usual, length, again, NULL) == 0);
	check(memcmp(key, again, sizeof(again)) == 0);
}

static bool tells_digits(const char *message, const char *text, size_t size)
{
	for (size_t at = 0; at + GROUP <= size; at++) {
		char group[GROUP + 1] = {0};

		memcpy(group, text + at, GROUP);
		if (strspn(group, "0123456789") == GROUP && strcmp(group, "720896") != 0 &&
		    strstr(message, group))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[RECOVERY_KEY_SIZE];
	char digits[DIGITS];
	struct err err = {0};
	char *text = malloc(size ? size : 1);

	check(text != NULL);
	memcpy(text, data, size);
	if (recovery_parse(text, size, key, &err) == 0) {
		check(take_digits(text, size, digits));
		check_key(digits, key);
	} else {
		check(err.kind == ERR_KEY && err.message[0] && err.hint[0]);
		check(!tells_digits(err.message, text, size));
	}
	free(text);
	return 0;
}
