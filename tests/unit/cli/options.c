/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/option, optlist and keys: command lines, and -o lists as people and mount(8) write them;
 * base/text/units. */
#include <errno.h>

#include "base/text/units.h"
#include "cli/keys.h"
#include "cli/optlist.h"
#include "tests/tap.h"

enum {
	WORDS_MAX = 80
};

/* A command with an option of each shape beside KEYS, as mount, export and verify have them. */
struct settings {
	bool flag;
	const char *text;
	unsigned int number;
	bool listed; /* by -o alone */
	struct optlist list;
};

static int add_list(const struct option_given *given, struct err *err)
{
	return optlist_parse(given->field, given->value, false, given->command, err);
}

static const struct option_row rows[] = {
	{.name = "flag",
	 .letter = 'f',
	 .set = option_flag,
	 .field = offsetof(struct settings, flag)},
	{.name = "text",
	 .value = "T",
	 .set = option_text,
	 .field = offsetof(struct settings, text)},
	{.name = "number",
	 .value = "N",
	 .set = option_uint,
	 .field = offsetof(struct settings, number),
	 .least = 1,
	 .most = UINT32_MAX},
	{.name = "listed",
	 .place = OPTION_LIST,
	 .set = option_flag,
	 .field = offsetof(struct settings, listed)},
	{.letter = 'o',
	 .value = "LIST",
	 .may_be_empty = true,
	 .set = add_list,
	 .field = offsetof(struct settings, list)},
};

struct parsed {
	struct settings settings;
	struct keys keys;
	char **words;
	size_t count;
	bool help;
	struct err err;
};

static int parse(struct parsed *parsed, const char *line)
{
	/* kept until the program ends: the options point into it */
	static char text[4096];
	static char *words[WORDS_MAX + 1];
	struct option_table tables[1 + KEYS_TABLES];
	int count = 0;

	must(strlen(line) < sizeof(text));
	memcpy(text, line, strlen(line) + 1);
	for (char *word = strtok(text, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
		words[count++] = word;
	words[count] = NULL;
	*parsed = (struct parsed){0};
	tables[0] = (struct option_table){rows, sizeof(rows) / sizeof(rows[0]), &parsed->settings};
	keys_tables(&parsed->keys, tables + 1);
	return option_parse(count, words, &(struct option_command){tables, 1 + KEYS_TABLES},
			    &parsed->words, &parsed->count, &parsed->help, &parsed->err);
}

static void test_line(void)
{
	struct parsed p;
	struct open_request request;

	is(parse(&p, "mount --bek a.BEK disk --vault kv --password env:X -f --trust-vault-host h1 "
		     "--trust-vault-host=h2:8443 --cloud china --timeout 5 mnt"),
	   0, "options and arguments in any order");
	request = keys_request(&p.keys, p.words[0]);
	is(request.key_count, 3, "three keys");
	ok(request.keys[0].kind == OPEN_KEY_BEK && request.keys[1].kind == OPEN_KEY_VAULT &&
		   request.keys[2].kind == OPEN_KEY_PASSWORD,
	   "in the order given");
	is_text(request.keys[1].value, "kv", "a value");
	is(p.count, 2, "two arguments");
	is_text(p.words[0], "disk", "the first");
	is_text(request.disk, "disk", "is the disk of the request");
	ok(p.settings.flag, "-f");
	is_text(request.trusted_hosts[1], "h2:8443", "a second trusted host");
	ok(!request.trusted_hosts[2], "the list ends in NULL");
	is(request.signin.cloud, ENTRA_CLOUD_CHINA, "cloud");
	is(request.signin.timeout_seconds, 5, "timeout");
	is(parse(&p, "mount --help --nonsense"), 0, "help ends the line");
	ok(p.help, "and is told");
	is(parse(&p, "info -- --odd-name"), 0, "after -- all are arguments");
	is_text(p.words[0], "--odd-name", "even this");
	ok(!p.help, "no help");
	is(parse(&p, "x --number 4294967295 --text=--flag"), 0, "values");
	is(p.settings.number, UINT32_MAX, "the largest number");
	is_text(p.settings.text, "--flag", "a value that looks like an option");
	ok(!p.settings.flag, "is none");
}

static void test_credential(void)
{
	struct parsed p;

	is(parse(&p, "x --credential token:env:T --identity client:1 --engine libbde --salvage"), 0,
	   "sign-in");
	is_text(p.keys.request.token, "env:T", "the source of a token");
	is(p.keys.request.signin.credential, ENTRA_CREDENTIAL_TOKEN, "is a credential");
	is_text(p.keys.request.signin.identity.value, "1", "an identity");
	is(p.keys.request.engine, ENGINE_LIBBDE, "an engine");
	ok(p.keys.request.salvage, "salvage");
	is(parse(&p, "x --credential token:env:T --credential cli"), 0, "the last one counts");
	ok(!p.keys.request.token, "no token then");
}

static void refuses(const char *line)
{
	struct parsed p;

	is(parse(&p, line), -EINVAL, "refused: %s", line);
	is(p.err.kind, ERR_USAGE, "as a usage error");
	optlist_clear(&p.settings.list);
}

/* What follows a name, or stands where one belongs, may be a secret. */
static void test_secrets(void)
{
	static const char *const lines[] = {
		"x --recovery-password SECRET -Zf y",
		"x --recovery-pasword=SECRET y",
		"x --salvage=SECRET y",
		"x --flag=SECRET",
		"x --credential SECRET",
		"x --password SECRET -Z",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct parsed p;

		is(parse(&p, lines[i]), -EINVAL, "refused: %s", lines[i]);
		ok(!strstr(p.err.message, "SECRET") && !strstr(p.err.hint, "SECRET"),
		   "  the value is not repeated");
	}
	{
		struct parsed p;

		(void)parse(&p, "x --password SECRET -fZ y");
		ok(strstr(p.err.message, "'-Z'"), "  a letter in a cluster is named");
	}
}

static void test_refusals(void)
{
	char many[2048] = "mount";

	refuses("mount --json");
	refuses("info --out x");
	refuses("info --listed");
	refuses("info -q -x");
	refuses("mount --vault");
	refuses("mount --bek=");
	refuses("mount --text=");
	refuses("mount --flag=1");
	refuses("mount --number 0");
	refuses("mount --number -1");
	refuses("mount --number 4294967296");
	refuses("mount --number 0x1");
	refuses("mount --cloud moon");
	refuses("mount --credential none");
	refuses("mount --credential token");
	refuses("mount --engine steam");
	refuses("mount --identity me");
	refuses("mount --timeout 0");
	refuses("mount --timeout 5x");
	refuses("mount --timeout 999999999999999999999");
	refuses("mount -o rw");
	refuses("mount -o cloud=moon");
	refuses("mount -o vault=");
	for (size_t i = 0; i <= KEYS_MAX; i++)
		memcpy(many + 5 + 8 * i, " --bek=x", 9);
	refuses(many);
}

static int parse_list(struct parsed *parsed, const char *list, bool from_mount)
{
	struct option_table tables[1 + KEYS_TABLES];

	*parsed = (struct parsed){0};
	tables[0] = (struct option_table){rows, sizeof(rows) / sizeof(rows[0]), &parsed->settings};
	keys_tables(&parsed->keys, tables + 1);
	return optlist_parse(&parsed->settings.list, list, from_mount,
			     &(struct option_command){tables, 1 + KEYS_TABLES}, &parsed->err);
}

static void test_list(void)
{
	struct parsed p;
	struct optlist *list = &p.settings.list;

	is(parse_list(&p,
		      "rw,noauto,bek=/a\\,b.BEK,allow_other,,x-systemd.automount,vault=kv,"
		      "fsname=a\\,b,_netdev,listed,salvage",
		      true),
	   0, "a list from mount(8)");
	is(p.keys.request.key_count, 2, "keys of ours");
	is_text(p.keys.list[0].value, "/a,b.BEK", "a comma in a value");
	is_text(p.keys.list[1].value, "kv", "the second");
	is_text(list->fuse, "allow_other,fsname=a\\,b", "the rest for FUSE, escaped again");
	ok(p.settings.listed, "a word that is only for lists");
	ok(p.keys.request.salvage, "a flag of KEYS");
	optlist_clear(list);
	is(parse_list(&p, "ro,vaultx=1,bek", false), 0, "names must match whole");
	is_text(list->fuse, "vaultx=1,bek", "what is not ours goes to FUSE");
	is(p.keys.request.key_count, 0, "and is no key");
	optlist_clear(list);
	is(parse_list(&p, "flag,number=1,text=x,salvage=1", false), 0,
	   "command-line options are not for lists");
	is_text(list->fuse, "flag,number=1,text=x,salvage=1", "they are not ours there");
	optlist_clear(list);
	is(parse(&p, "mount -o vault=a --bek b -o bek=c,listed"), 0, "lists on a command line");
	is(p.keys.request.key_count, 3, "three keys");
	is_text(p.keys.list[0].value, "a", "in the order given: the list's");
	is_text(p.keys.list[1].value, "b", "  the line's");
	is_text(p.keys.list[2].value, "c", "  the second list's");
	optlist_clear(list);
}

static void test_units(void)
{
	is_text(units_size(0).text, "0 bytes", "0");
	is_text(units_size(1023).text, "1023 bytes", "bytes");
	is_text(units_size(1536).text, "1.5 KiB", "KiB");
	is_text(units_size(136365211648).text, "127.0 GiB", "GiB");
	is_text(units_size(UINT64_MAX).text, "16.0 EiB", "the largest");
	is_text(units_filetime(132446281530000000).text, "2020-09-15T07:22:33Z", "a FILETIME");
	is_text(units_filetime(0).text, "unknown", "none");
	is_text(units_filetime(UINT64_MAX).text, "unknown", "out of range");
}

int main(void)
{
	test_line();
	test_credential();
	test_secrets();
	test_refusals();
	test_list();
	test_units();
	return tap_done();
}
