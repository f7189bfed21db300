/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands on the command line, the same for every command: KEYS, verbosity, and the `-o` list
 * in which mount(8) gives the same things.
 *
 * Strings point into argv or into memory the struct owns; one thread.
 */
#ifndef ADEFUSE_CLI_OPTIONS_H
#define ADEFUSE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bde/bde.h"
#include "keyvault/keyvault.h"

enum {
	OPTIONS_KEY_MAX = 64,
	OPTIONS_HOST_MAX = 16
};

enum key_kind {
	KEY_BEK,	       /* value: path of a file or directory */
	KEY_RECOVERY_PASSWORD, /* value: SRC */
	KEY_PASSWORD,	       /* value: SRC */
	KEY_VMK,	       /* value: SRC */
	KEY_FVEK,	       /* value: SRC */
	KEY_VAULT,	       /* value: vault name or URL */
	KEY_SECRET,	       /* value: secret name or URL */
	KEY_AZURE_JSON,	       /* value: path of az's JSON about a disk or VM */
};

struct key_option {
	enum key_kind kind;
	const char *value;
};

struct options {
	size_t key_count;
	struct key_option keys[OPTIONS_KEY_MAX]; /* in the order they were given */
	const char *vm;
	const char *kek;
	const char *token_source; /* SRC of --credential token:SRC; NULL when not given */
	const char *trusted_hosts[OPTIONS_HOST_MAX + 1]; /* NULL-terminated */
	struct keyvault_options keyvault;
	bool salvage;		/* --salvage: also what is left of damaged volumes */
	enum bde_engine engine; /* --engine */
	bool both_engines;	/* verify: open each volume by libbde too */
	bool foreground;	/* mount -f */
	bool debug;		/* mount -d */
	bool nonempty;		/* mount -o nonempty */
	bool direct_io;		/* mount -o direct_io */
	bool json;		/* --json */
	bool force;		/* key --force, export --force */
	bool dry_run;		/* key --dry-run */
	const char *out;	/* key --out */
	bool vhd;		/* export --format vhd */
	bool verify;		/* export --verify */
	bool hash;		/* export --hash */
	bool skip_unreadable;	/* export --skip-unreadable */
	unsigned int volume;	/* verify --volume, export --volume; 0: all */
	unsigned int sample;	/* verify --sample; 0: every sector */
	bool has_seed;
	uint64_t seed;	    /* verify --seed */
	char *fuse_options; /* what -o held for FUSE; malloc'ed, NULL for nothing */
	char **owned;	    /* copies of -o values */
	size_t owned_count;
	size_t argument_count;
	char **arguments; /* what is no option; points into argv */
};

enum command_flags {
	COMMAND_MOUNT = 1,   /* -f, -d, -o */
	COMMAND_JSON = 2,    /* --json */
	COMMAND_KEY = 4,     /* --out, --force, --dry-run */
	COMMAND_VERIFY = 8,  /* --volume, --sample, --seed */
	COMMAND_EXPORT = 16, /* --volume, --format, --verify, --hash, --skip-unreadable, --force */
};

/*
 * Parse what follows the command's name (argv[0] is the command). `flags` says which options beyond
 * KEYS it takes. 0; -EINVAL with err (ERR_USAGE); 1 when --help was asked for.
 */
int options_parse(int argc, char **argv, unsigned int flags, struct options *ret_options,
		  struct err *err);

/*
 * The comma-separated list of `-o`: keys of ours (vault=, bek=, ...) are taken, the rest is kept
 * for FUSE. A comma within a value is written `\,`. `from_mount` is true for a list that mount(8)
 * made: words that are meant for mount itself (rw, noauto, x-..., ...) are then dropped.
 */
int options_parse_list(struct options *options, const char *list, bool from_mount, struct err *err);

/* As bde/ takes them: enum bde_flags. */
unsigned int options_bde_flags(const struct options *options);

void options_clear(struct options *options);

#endif
