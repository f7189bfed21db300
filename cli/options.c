/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command line and -o lists; see options.h. */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bde/bde.h"
#include "disk/compare.h"

enum {
	OPT_BEK = 256,
	OPT_RECOVERY_PASSWORD,
	OPT_PASSWORD,
	OPT_VMK,
	OPT_FVEK,
	OPT_VAULT,
	OPT_SECRET,
	OPT_AZURE_JSON,
	OPT_VM,
	OPT_KEK,
	OPT_CREDENTIAL,
	OPT_IDENTITY,
	OPT_CLOUD,
	OPT_TENANT,
	OPT_CA_FILE,
	OPT_TRUST_VAULT_HOST,
	OPT_ENGINE,
	OPT_TIMEOUT,
	OPT_SALVAGE,
	OPT_JSON,
	OPT_OUT,
	OPT_FORCE,
	OPT_DRY_RUN,
	OPT_VOLUME,
	OPT_SAMPLE,
	OPT_SEED,
	OPT_FORMAT,
	OPT_VERIFY,
	OPT_HASH,
	OPT_SKIP_UNREADABLE,
};

/* The options that take a value and are allowed in an -o list too. */
static const struct option long_options[] = {
	{"bek", required_argument, NULL, OPT_BEK},
	{"recovery-password", required_argument, NULL, OPT_RECOVERY_PASSWORD},
	{"password", required_argument, NULL, OPT_PASSWORD},
	{"vmk", required_argument, NULL, OPT_VMK},
	{"fvek", required_argument, NULL, OPT_FVEK},
	{"vault", required_argument, NULL, OPT_VAULT},
	{"secret", required_argument, NULL, OPT_SECRET},
	{"azure-json", required_argument, NULL, OPT_AZURE_JSON},
	{"vm", required_argument, NULL, OPT_VM},
	{"kek", required_argument, NULL, OPT_KEK},
	{"credential", required_argument, NULL, OPT_CREDENTIAL},
	{"identity", required_argument, NULL, OPT_IDENTITY},
	{"cloud", required_argument, NULL, OPT_CLOUD},
	{"tenant", required_argument, NULL, OPT_TENANT},
	{"ca-file", required_argument, NULL, OPT_CA_FILE},
	{"trust-vault-host", required_argument, NULL, OPT_TRUST_VAULT_HOST},
	{"engine", required_argument, NULL, OPT_ENGINE},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	/* the rest is for the command line alone; the list parser stops at the first without a
	   value */
	{"salvage", no_argument, NULL, OPT_SALVAGE},
	{"json", no_argument, NULL, OPT_JSON},
	{"force", no_argument, NULL, OPT_FORCE},
	{"dry-run", no_argument, NULL, OPT_DRY_RUN},
	{"out", required_argument, NULL, OPT_OUT},
	{"volume", required_argument, NULL, OPT_VOLUME},
	{"sample", required_argument, NULL, OPT_SAMPLE},
	{"seed", required_argument, NULL, OPT_SEED},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"verify", no_argument, NULL, OPT_VERIFY},
	{"hash", no_argument, NULL, OPT_HASH},
	{"skip-unreadable", no_argument, NULL, OPT_SKIP_UNREADABLE},
	{"foreground", no_argument, NULL, 'f'},
	{"verbose", no_argument, NULL, 'v'},
	{"quiet", no_argument, NULL, 'q'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int add_key(struct options *options, enum key_kind kind, const char *value, struct err *err)
{
	if (options->key_count >= OPTIONS_KEY_MAX)
		return err_set(err, ERR_USAGE, EINVAL, "more than %d key options", OPTIONS_KEY_MAX);
	options->keys[options->key_count++] = (struct key_option){.kind = kind, .value = value};
	return 0;
}

static int add_trusted_host(struct options *options, const char *host, struct err *err)
{
	size_t count = 0;

	while (options->trusted_hosts[count])
		count++;
	if (count >= OPTIONS_HOST_MAX)
		return err_set(err, ERR_USAGE, EINVAL, "more than %d trusted vault hosts",
			       OPTIONS_HOST_MAX);
	options->trusted_hosts[count] = host;
	return 0;
}

static int set_timeout(struct options *options, const char *value, struct err *err)
{
	char *end;
	unsigned long seconds;

	errno = 0;
	seconds = strtoul(value, &end, 10);
	if (errno || *end || end == value || seconds < 1 || seconds > 86400) {
		err_set(err, ERR_USAGE, EINVAL, "--timeout '%s' is not a number of seconds", value);
		err_hint(err, "give a whole number from 1 to 86400");
		return -EINVAL;
	}
	options->keyvault.timeout_seconds = (unsigned int)seconds;
	return 0;
}

static int bad_choice(struct err *err, const char *option, const char *value, const char *choices)
{
	err_set(err, ERR_USAGE, EINVAL, "%s '%s' is not known", option, value);
	err_hint(err, "%s is one of: %s", option, choices);
	return -EINVAL;
}

static int empty_value(struct err *err, int option)
{
	const struct option *known = long_options;

	while (known->name && known->val != option)
		known++;
	err_set(err, ERR_USAGE, EINVAL, "--%s has an empty value", known->name);
	err_hint(err, "a shell variable in the command may be unset");
	return -EINVAL;
}

/* What stands behind "token:" is not repeated in errors: it may be the token itself. */
static int set_credential(struct options *options, const char *value, struct err *err)
{
	enum keyvault_credential credential;

	options->token_source = NULL;
	if (strncmp(value, "token:", 6) == 0) {
		options->keyvault.credential = KEYVAULT_CREDENTIAL_TOKEN;
		options->token_source = value + 6;
		return 0;
	}
	if (!keyvault_credential_parse(value, &credential) ||
	    credential == KEYVAULT_CREDENTIAL_TOKEN)
		return bad_choice(err, "--credential", value,
				  "auto, env, workload, managed, cli, device, token:SRC");
	options->keyvault.credential = credential;
	return 0;
}

/* An option that means the same on the command line and in an -o list. -ENOENT: none of these. */
static int take_shared(struct options *options, int option, const char *value, struct err *err)
{
	if (option >= OPT_BEK && option <= OPT_TIMEOUT && !*value)
		return empty_value(err, option);
	switch (option) {
	case OPT_BEK:
		return add_key(options, KEY_BEK, value, err);
	case OPT_RECOVERY_PASSWORD:
		return add_key(options, KEY_RECOVERY_PASSWORD, value, err);
	case OPT_PASSWORD:
		return add_key(options, KEY_PASSWORD, value, err);
	case OPT_VMK:
		return add_key(options, KEY_VMK, value, err);
	case OPT_FVEK:
		return add_key(options, KEY_FVEK, value, err);
	case OPT_VAULT:
		return add_key(options, KEY_VAULT, value, err);
	case OPT_SECRET:
		return add_key(options, KEY_SECRET, value, err);
	case OPT_AZURE_JSON:
		return add_key(options, KEY_AZURE_JSON, value, err);
	case OPT_VM:
		options->vm = value;
		return 0;
	case OPT_KEK:
		options->kek = value;
		return 0;
	case OPT_CREDENTIAL:
		return set_credential(options, value, err);
	case OPT_IDENTITY:
		if (keyvault_identity_parse(value, &options->keyvault.identity))
			return 0;
		return bad_choice(err, "--identity", value,
				  "client:ID, object:ID, resource:/subscriptions/...");
	case OPT_CLOUD:
		if (keyvault_cloud_parse(value, &options->keyvault.cloud))
			return 0;
		return bad_choice(err, "--cloud", value, "public, china, usgov");
	case OPT_TENANT:
		options->keyvault.tenant = value;
		return 0;
	case OPT_CA_FILE:
		options->keyvault.ca_file = value;
		return 0;
	case OPT_TRUST_VAULT_HOST:
		return add_trusted_host(options, value, err);
	case OPT_ENGINE:
		if (bde_engine_parse(value, &options->engine))
			return 0;
		return bad_choice(err, "--engine", value, "auto, own, libbde");
	case OPT_TIMEOUT:
		return set_timeout(options, value, err);
	default:
		return -ENOENT;
	}
}

static int bad_number(struct err *err, const char *option, const char *value, uint64_t most)
{
	err_set(err, ERR_USAGE, EINVAL, "%s '%s' is not a number that fits", option, value);
	err_hint(err, "give a whole number up to %llu", (unsigned long long)most);
	return -EINVAL;
}

/* Decimal, least..most. */
static int take_number(const char *option, const char *value, uint64_t least, uint64_t most,
		       uint64_t *ret_number, struct err *err)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(value, &end, 10);
	if (errno || *end || *value < '0' || *value > '9' || number < least || number > most)
		return bad_number(err, option, value, most);
	*ret_number = number;
	return 0;
}

static int take_volume(struct options *options, const char *value, struct err *err)
{
	uint64_t number = 0;
	int result = take_number("--volume", value, 1, UINT32_MAX, &number, err);

	options->volume = (unsigned int)number;
	return result;
}

static int take_export(struct options *options, int option, const char *value, struct err *err)
{
	if (option == OPT_VOLUME)
		return take_volume(options, value, err);
	if (option == OPT_FORMAT) {
		options->vhd = strcmp(value, "vhd") == 0;
		if (options->vhd || strcmp(value, "raw") == 0)
			return 0;
		return bad_choice(err, "--format", value, "raw, vhd");
	}
	if (option == OPT_VERIFY)
		options->verify = true;
	else if (option == OPT_HASH)
		options->hash = true;
	else if (option == OPT_SKIP_UNREADABLE)
		options->skip_unreadable = true;
	else
		return -ENOENT;
	return 0;
}

static int take_verify(struct options *options, int option, const char *value, struct err *err)
{
	uint64_t number = 0;
	int result = -ENOENT;

	if (option == OPT_VOLUME) {
		result = take_volume(options, value, err);
	} else if (option == OPT_SAMPLE) {
		result = take_number("--sample", value, 1, COMPARE_SAMPLE_MAX, &number, err);
		options->sample = (unsigned int)number;
	} else if (option == OPT_SEED) {
		result = take_number("--seed", value, 0, UINT64_MAX, &options->seed, err);
		options->has_seed = result == 0;
	}
	return result;
}

/* Options that only some commands take, and those of all that take no value. */
static int take_own(struct options *options, int option, const char *value, unsigned int flags,
		    struct err *err)
{
	if (option == 'v') {
		log_set_level(log_get_level() < LOG_LEVEL_INFO ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
	} else if (option == 'q') {
		log_set_level(LOG_LEVEL_ERROR);
	} else if (option == 'h') {
		return 1;
	} else if (option == OPT_SALVAGE) {
		options->salvage = true;
	} else if (option == 'f' && (flags & COMMAND_MOUNT)) {
		options->foreground = true;
	} else if (option == 'd' && (flags & COMMAND_MOUNT)) {
		options->foreground = true;
		options->debug = true;
	} else if (option == 'o' && (flags & COMMAND_MOUNT)) {
		return options_parse_list(options, value, false, err);
	} else if (option == OPT_JSON && (flags & COMMAND_JSON)) {
		options->json = true;
	} else if (option == OPT_OUT && (flags & COMMAND_KEY)) {
		options->out = value;
	} else if (option == OPT_FORCE && (flags & (COMMAND_KEY | COMMAND_EXPORT))) {
		options->force = true;
	} else if (option == OPT_DRY_RUN && (flags & COMMAND_KEY)) {
		options->dry_run = true;
	} else if (flags & COMMAND_VERIFY) {
		return take_verify(options, option, value, err);
	} else if (flags & COMMAND_EXPORT) {
		return take_export(options, option, value, err);
	} else {
		return -ENOENT;
	}
	return 0;
}

static int usage_error(struct err *err, char **argv, int option)
{
	const char *word = argv[optind - 1];

	if (option == ':')
		err_set(err, ERR_USAGE, EINVAL, "option '%s' needs a value", word);
	else
		err_set(err, ERR_USAGE, EINVAL, "'adefuse %s' does not take '%s'", argv[0], word);
	err_hint(err, "adefuse %s --help lists the options", argv[0]);
	return -EINVAL;
}

int options_parse(int argc, char **argv, unsigned int flags, struct options *ret_options,
		  struct err *err)
{
	struct options options = {0};
	int option;
	int result = 0;

	optind = 1;
	opterr = 0;
	while (result == 0 &&
	       (option = getopt_long(argc, argv, ":fdo:vqh", long_options, NULL)) != -1) {
		if (option == '?' || option == ':') {
			result = usage_error(err, argv, option);
			break;
		}
		result = take_shared(&options, option, optarg, err);
		if (result == -ENOENT)
			result = take_own(&options, option, optarg, flags, err);
		if (result == -ENOENT)
			result = usage_error(err, argv, option);
	}
	if (result != 0) {
		options_clear(&options);
		return result;
	}
	options.argument_count = (size_t)(argc - optind);
	options.arguments = argv + optind;
	*ret_options = options;
	return 0;
}

/* Cut the next item off the list; a backslash keeps the character behind it. Malloc'ed, or NULL. */
static char *next_item(const char **list)
{
	char *item = malloc(strlen(*list) + 1);
	char *out = item;
	const char *p = *list;

	if (!item)
		return NULL;
	for (; *p && *p != ','; p++) {
		if (*p == '\\' && p[1])
			p++;
		*out++ = *p;
	}
	*out = '\0';
	*list = *p ? p + 1 : p;
	return item;
}

/* Words that mount(8) hands to every helper and that mean nothing to FUSE. */
static bool is_for_mount(const char *item)
{
	static const char *const words[] = {"rw",	"defaults", "auto",  "noauto", "user",
					    "nouser",	"users",    "owner", "group",  "nofail",
					    "_netdev",	"async",    "exec",  "suid",   "dev",
					    "relatime", "loud",	    "silent"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(item, words[i]) == 0)
			return true;
	}
	return strncmp(item, "x-", 2) == 0 || strncmp(item, "X-", 2) == 0 ||
	       strncmp(item, "comment=", 8) == 0 || strncmp(item, "user=", 5) == 0 ||
	       strncmp(item, "helper=", 7) == 0;
}

/* The item for FUSE, with its commas escaped again. */
static int keep_for_fuse(struct options *options, const char *item)
{
	size_t used = options->fuse_options ? strlen(options->fuse_options) : 0;
	char *list = realloc(options->fuse_options, used + 2 * strlen(item) + 2);

	if (!list)
		return -ENOMEM;
	options->fuse_options = list;
	if (used > 0)
		list[used++] = ',';
	for (; *item; item++) {
		if (*item == ',' || *item == '\\')
			list[used++] = '\\';
		list[used++] = *item;
	}
	list[used] = '\0';
	return 0;
}

/* A `name=value` of ours: the value stays in memory that `options` owns. */
static int take_item(struct options *options, const char *item, struct err *err)
{
	const char *equals = strchr(item, '=');
	char **owned;
	char *value;

	if (!equals)
		return -ENOENT;
	for (const struct option *known = long_options; known->has_arg == required_argument;
	     known++) {
		if (strlen(known->name) != (size_t)(equals - item) ||
		    strncmp(known->name, item, (size_t)(equals - item)) != 0)
			continue;
		owned = reallocarray(options->owned, options->owned_count + 1, sizeof(*owned));
		if (!owned)
			return err_nomem(err);
		options->owned = owned;
		value = strdup(equals + 1);
		if (!value)
			return err_nomem(err);
		owned[options->owned_count++] = value;
		return take_shared(options, known->val, value, err);
	}
	return -ENOENT;
}

/* What such a word switches on, or NULL. */
static bool *own_flag(struct options *options, const char *item)
{
	if (strcmp(item, "salvage") == 0)
		return &options->salvage;
	if (strcmp(item, "nonempty") == 0)
		return &options->nonempty;
	return strcmp(item, "direct_io") == 0 ? &options->direct_io : NULL;
}

int options_parse_list(struct options *options, const char *list, bool from_mount, struct err *err)
{
	while (*list) {
		char *item CLEANUP(free) = next_item(&list);
		bool *flag;
		int result;

		if (!item)
			return err_nomem(err);
		if (!*item || strcmp(item, "ro") == 0 || (from_mount && is_for_mount(item)))
			continue;
		if (strcmp(item, "rw") == 0) {
			err_set(err, ERR_USAGE, EINVAL, "-o rw: the disk is never written");
			err_hint(err, "leave it out: a mount is always read-only");
			return -EINVAL;
		}
		flag = own_flag(options, item);
		if (flag) {
			*flag = true;
			continue;
		}
		result = take_item(options, item, err);
		if (result == -ENOENT)
			result = keep_for_fuse(options, item) < 0 ? err_nomem(err) : 0;
		if (result < 0)
			return result;
	}
	return 0;
}

unsigned int options_bde_flags(const struct options *options)
{
	return options->salvage ? BDE_SALVAGE : 0;
}

void options_clear(struct options *options)
{
	for (size_t i = 0; i < options->owned_count; i++)
		free(options->owned[i]);
	free(options->owned);
	free(options->fuse_options);
	memset(options, 0, sizeof(*options));
}
