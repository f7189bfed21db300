/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export/resume and base/ranges: the state file there and back, and every text that is not one. */
#include "export/resume.h"

#include <errno.h>

#include "tests/tap.h"

static const char identity[] = "disk-size 12\nvolumes p1:0+12\nsize 12\n";

static int parse(const char *text, struct resume *resume)
{
	*resume = (struct resume){0};
	return resume_parse(text, strlen(text), resume);
}

static void test_round_trip(void)
{
	struct ranges ranges = {0};
	struct resume resume;
	char *text;

	must(ranges_add(&ranges, 0, 512) == 0);
	must(ranges_add(&ranges, 4096, 512) == 0);
	text = resume_format(identity, 1048576, &ranges);
	must(text);
	is_text(text,
		"adefuse-export 1\ndisk-size 12\nvolumes p1:0+12\nsize 12\ndone 1048576\n"
		"unreadable 0 512\nunreadable 4096 512\nend\n",
		"the text");
	is(parse(text, &resume), 0, "is read back");
	is_text(resume.identity, identity, "  with its identity");
	is(resume.done, 1048576, "  how far it came");
	is(resume.unreadable.count, 2, "  and what was unreadable");
	is(ranges_total(&resume.unreadable), 1024, "  so many bytes");
	resume_clear(&resume);
	for (size_t cut = 0; cut < strlen(text); cut++) {
		if (resume_parse(text, cut, &resume) != -EINVAL)
			ok(false, "cut at %zu: refused", cut);
	}
	ok(true, "cut anywhere: refused");
	for (size_t i = 0; i < strlen(text); i++) {
		char kept = text[i];

		/* whatever it makes of it, within the text; identities may hold anything but zeros
		 */
		text[i] = '\0';
		if (parse(text, &resume) == 0 || resume_parse(text, strlen(identity), &resume) == 0)
			ok(false, "a zero at %zu: refused", i);
		text[i] = kept;
	}
	ok(true, "a zero anywhere: refused");
	free(text);
	ranges_clear(&ranges);
}

static void refuses(const char *text, const char *name)
{
	struct resume resume;

	is(parse(text, &resume), -EINVAL, "refused: %s", name);
}

#define HEAD "adefuse-export 1\nsize 12\n"

static void test_refusals(void)
{
	refuses("", "nothing");
	refuses("adefuse-export 2\nsize 12\ndone 5\nend\n", "another version");
	refuses("adefuse-export 1\ndone 5\nend\n", "no identity");
	refuses(HEAD "done -5\nend\n", "a sign");
	refuses(HEAD "done 05\nend\n", "a leading zero");
	refuses(HEAD "done \nend\n", "no number");
	refuses(HEAD "done 5 \nend\n", "a space");
	refuses(HEAD "done 18446744073709551616\nend\n", "a number that does not fit");
	refuses(HEAD "done 5\nend\nmore", "something after the end");
	refuses(HEAD "done 5\nend", "no line end");
	refuses(HEAD "done 5\ndone 5\nend\n", "done twice");
	refuses(HEAD "done 5\nunreadable 0 6\nend\n", "unreadable after what is done");
	refuses(HEAD "done 5\nunreadable 5 1\nend\n", "unreadable from there on");
	refuses(HEAD "done 5\nunreadable 1 18446744073709551615\nend\n", "a sum that wraps");
	refuses(HEAD "done 5\nunreadable 2 0\nend\n", "an empty range");
	refuses(HEAD "done 50\nunreadable 9 1\nunreadable 2 1\nend\n", "ranges out of order");
	refuses(HEAD "done 50\nunreadable 2 4\nunreadable 3 4\nend\n", "ranges that overlap");
}

static void test_differences(void)
{
	struct resume_name name;

	ok(!resume_differs(identity, identity, &name), "equal identities");
	ok(resume_differs("a 1\nsize 12\n", "a 1\nsize 13\n", &name), "another number");
	is_text(name.text, "size", "  by its name");
	ok(resume_differs("a 1\n", "a 1\nb 2\n", &name), "a line more");
	ok(resume_differs("no-spaces-but-a-name-that-is-longer-than-the-room", "x", &name),
	   "a long name");
	is(strlen(name.text), sizeof(name.text) - 1, "  cut");
}

static void test_ranges(void)
{
	struct ranges ranges = {0};

	is(ranges_add(&ranges, 100, 50), 0, "a range");
	is(ranges_add(&ranges, 150, 50), 0, "one that touches it");
	is(ranges.count, 1, "  joins it");
	is(ranges_add(&ranges, 199, 5), -EINVAL, "one that overlaps");
	is(ranges_add(&ranges, 300, 1), 0, "one apart");
	is(ranges_add(&ranges, UINT64_MAX, 2), -EINVAL, "one that wraps");
	ok(ranges_has(&ranges, 100) && ranges_has(&ranges, 199) && ranges_has(&ranges, 300),
	   "what they have");
	ok(!ranges_has(&ranges, 99) && !ranges_has(&ranges, 200) && !ranges_has(&ranges, 301),
	   "and have not");
	is(ranges_total(&ranges), 101, "so many bytes");
	ranges_clear(&ranges);
	is(ranges.count, 0, "cleared");
	for (uint64_t i = 0; i < RANGES_MAX; i++)
		must(ranges_add(&ranges, 2 * i, 1) == 0);
	is(ranges_add(&ranges, (uint64_t)4 * RANGES_MAX, 1), -EOVERFLOW, "too many");
	ranges_clear(&ranges);
}

int main(void)
{
	test_round_trip();
	test_refusals();
	test_differences();
	test_ranges();
	return tap_done();
}
