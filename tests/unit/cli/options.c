/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/options: command lines, -o lists as people and mount(8) write them; base/text/units. */
#include "cli/options.h"

#include <errno.h>

#include "base/text/units.h"
#include "tests/tap.h"

enum {
	WORDS_MAX = 80
};

static int parse(unsigned int flags, struct options *options, struct err *err, const char *line)
{
	/* kept until the program ends: the options point into it */
	static char text[4096];
	static char *words[WORDS_MAX + 1];
	int count = 0;

	must(strlen(line) < sizeof(text));
	memcpy(text, line, strlen(line) + 1);
	for (char *word = strtok(text, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
		words[count++] = word;
	words[count] = NULL;
	memset(err, 0, sizeof(*err));
	return options_parse(count, words, flags, options, err);
}

static void test_line(void)
{
	struct options o;
	struct err err;

	is(parse(COMMAND_MOUNT, &o, &err,
		 "mount --bek a.BEK disk --vault kv --password env:X -f --trust-vault-host h1 "
		 "--trust-vault-host=h2:8443 --cloud china --timeout 5 mnt"),
	   0, "options and arguments in any order");
	is(o.key_count, 3, "three keys");
	ok(o.keys[0].kind == KEY_BEK && o.keys[1].kind == KEY_VAULT &&
		   o.keys[2].kind == KEY_PASSWORD,
	   "in the order given");
	is_text(o.keys[1].value, "kv", "a value");
	is(o.argument_count, 2, "two arguments");
	is_text(o.arguments[0], "disk", "the first");
	ok(o.foreground, "-f");
	is_text(o.trusted_hosts[1], "h2:8443", "a second trusted host");
	ok(!o.trusted_hosts[2], "the list ends in NULL");
	is(o.keyvault.cloud, KEYVAULT_CLOUD_CHINA, "cloud");
	is(o.keyvault.timeout_seconds, 5, "timeout");
	options_clear(&o);
	is(parse(COMMAND_MOUNT, &o, &err, "mount --help"), 1, "help");
	is(parse(COMMAND_JSON, &o, &err, "info -- --odd-name"), 0, "behind -- all are arguments");
	is_text(o.arguments[0], "--odd-name", "even this");
	options_clear(&o);
}

static void refuses(unsigned int flags, const char *line)
{
	struct options o;
	struct err err;

	is(parse(flags, &o, &err, line), -EINVAL, "refused: %s", line);
	is(err.kind, ERR_USAGE, "as a usage error");
}

static void test_refusals(void)
{
	char many[2048] = "mount";

	refuses(COMMAND_MOUNT, "mount --json");
	refuses(COMMAND_JSON, "info -f");
	refuses(COMMAND_JSON, "info --out x");
	refuses(COMMAND_MOUNT, "mount --vault");
	refuses(COMMAND_MOUNT, "mount --bek=");
	refuses(COMMAND_MOUNT, "mount --cloud moon");
	refuses(COMMAND_MOUNT, "mount --credential none");
	refuses(COMMAND_MOUNT, "mount --timeout 0");
	refuses(COMMAND_MOUNT, "mount --timeout 5x");
	refuses(COMMAND_MOUNT, "mount --timeout 999999999999999999999");
	refuses(COMMAND_MOUNT, "mount -o rw");
	refuses(COMMAND_MOUNT, "mount -o cloud=moon");
	for (size_t i = 0; i <= OPTIONS_KEY_MAX; i++)
		memcpy(many + 5 + 8 * i, " --bek=x", 9);
	refuses(COMMAND_MOUNT, many);
}

static void test_list(void)
{
	struct options o = {0};
	struct err err = {0};

	is(options_parse_list(&o,
			      "rw,noauto,bek=/a\\,b.BEK,allow_other,,x-systemd.automount,vault=kv,"
			      "fsname=a\\,b,_netdev,nonempty",
			      true, &err),
	   0, "a list from mount(8)");
	is(o.key_count, 2, "keys of ours");
	is_text(o.keys[0].value, "/a,b.BEK", "a comma in a value");
	is_text(o.fuse_options, "allow_other,fsname=a\\,b", "the rest for FUSE, escaped again");
	ok(o.nonempty, "nonempty is ours");
	options_clear(&o);
	is(options_parse_list(&o, "ro,vaultx=1,bek", false, &err), 0, "names must match whole");
	is_text(o.fuse_options, "vaultx=1,bek", "what is not ours goes to FUSE");
	is(o.key_count, 0, "and is no key");
	options_clear(&o);
	is(options_parse_list(&o, "json=1,out=x", false, &err), 0,
	   "command-line options are not for lists");
	is_text(o.fuse_options, "json=1,out=x", "they are not ours there");
	options_clear(&o);
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
	test_refusals();
	test_list();
	test_units();
	return tap_done();
}
