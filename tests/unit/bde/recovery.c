/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recovery passwords: what is accepted, which group is named when one is wrong, nothing printed. */
#include "bde/format/recovery.h"

#include <errno.h>

#include "tests/tap.h"

static const char good[] = "000000-000011-720885-111111-222222-333333-444444-555555";
static const uint8_t good_key[RECOVERY_KEY_SIZE] = {0,	  0,	1,    0,    0xff, 0xff, 0x75, 0x27,
						    0xea, 0x4e, 0x5f, 0x76, 0xd4, 0x9d, 0x49, 0xc5};

static void accepts(const char *text, const char *name)
{
	uint8_t key[RECOVERY_KEY_SIZE] = {0};
	struct err err = {0};

	ok(recovery_parse(text, strlen(text), key, &err) == 0 &&
		   memcmp(key, good_key, sizeof(key)) == 0,
	   "%s", name);
}

/* The message has `want` in it, and no run of three digits that is not ours. */
static void refuses(const char *text, const char *want)
{
	uint8_t key[RECOVERY_KEY_SIZE];
	uint8_t before[RECOVERY_KEY_SIZE];
	struct err err = {0};

	memset(key, 0x5a, sizeof(key));
	memcpy(before, key, sizeof(key));
	is(recovery_parse(text, strlen(text), key, &err), -EINVAL, "refused: %s", want);
	if (!ok(strstr(err.message, want) != NULL, "  says so"))
		printf("# got '%s'\n", err.message);
	ok(err.kind == ERR_KEY && memcmp(key, before, sizeof(key)) == 0, "  and gives no key");
}

static void test_one_wrong_digit(void)
{
	unsigned int named = 0;
	unsigned int tried = 0;

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		for (char digit = '0'; digit <= '9' && good[i] != '-'; digit++) {
			uint8_t key[RECOVERY_KEY_SIZE];
			struct err err = {0};
			char text[sizeof(good)];
			char want[16];

			memcpy(text, good, sizeof(good));
			text[i] = digit;
			if (digit == good[i])
				continue;
			(void)snprintf(want, sizeof(want), "group %zu ", i / 7 + 1);
			tried++;
			if (recovery_parse(text, strlen(text), key, &err) == -EINVAL &&
			    strncmp(err.message, want, strlen(want)) == 0)
				named++;
		}
	}
	is(tried, 48 * 9, "every single wrong digit was tried");
	is(named, tried, "and each was found, in its group");
}

int main(void)
{
	accepts(good, "dashes");
	accepts("000000 000011 720885 111111 222222 333333 444444 555555", "spaces");
	accepts("000000000011720885111111222222333333444444555555", "nothing between");
	accepts("000000000011-720885111111 222222333333\t444444555555", "two groups a run");
	accepts(" \t000000-000011-720885-111111-222222-333333-444444-555555\r\n",
		"white space around");
	accepts("000000 - 000011 - 720885 - 111111 - 222222 - 333333 - 444444 - 555555",
		"dashes with spaces");
	refuses("000000-000011-720896-111111-222222-333333-444444-555555", "group 3 is");
	refuses("999999-000011-720885-111111-222222-333333-444444-555555", "too large");
	refuses("000000-000011-720885-111111-222222-333333-444444-555551", "group 8 has");
	refuses("000000-000011-720885-111111-22222-333333-444444-555555", "group 5 has fewer than");
	refuses("000000-000011-7208850-111111-222222-333333-444444-555555",
		"group 3 has more than 6");
	refuses("000000-000011-720885-1111l1-222222-333333-444444-555555",
		"group 4 has a character");
	refuses("0000000000117208851111l1222222333333444444555555", "group 4 has a character");
	refuses("000000\xe2\x80\x93"
		"000011-720885-111111-222222-333333-444444-555555",
		"group 2 has a character");
	refuses("000000-000011-720885-111111-222222-333333-444444", "fewer than 48 digits");
	refuses("00000000001172088511111122222233333344444455555", "fewer than 48 digits");
	refuses("000000-000011-720885-111111-222222-333333-444444-555555-000000",
		"more than 48 digits");
	refuses("0000000000117208851111112222223333334444445555550", "more than 48 digits");
	refuses("", "fewer than 48 digits");
	refuses(" \n", "fewer than 48 digits");
	test_one_wrong_digit();
	return tap_done();
}
