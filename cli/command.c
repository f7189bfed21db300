/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands share; see command.h. */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"

int command_fail(const struct err *err)
{
	log_err(err);
	return err->kind == ERR_NONE ? ERR_OTHER : (int)err->kind;
}

/* Their number, not their words: one may be a secret that was typed where SRC belongs. */
static int check_arguments(const char *command, const struct options *options, size_t count,
			   const char *arguments, struct err *err)
{
	bool right = count == COMMAND_ANY ? options->argument_count > 0
					  : options->argument_count == count;

	if (!right) {
		err_set(err, ERR_USAGE, EINVAL, "'adefuse %s' takes %s; %zu %s given", command,
			arguments, options->argument_count,
			options->argument_count == 1 ? "argument was" : "arguments were");
		err_hint(err,
			 "adefuse %s --help shows an example; an option takes the word behind it "
			 "as its value",
			 command);
		return -EINVAL;
	}
	for (size_t i = 0; i < options->argument_count; i++) {
		if (options->arguments[i][0] != '\0')
			continue;
		err_set(err, ERR_USAGE, EINVAL, "argument %zu of 'adefuse %s' is empty", i + 1,
			command);
		err_hint(err, "a shell variable in the command may be unset");
		return -EINVAL;
	}
	return 0;
}

int command_options(int argc, char **argv, unsigned int flags, size_t argument_count,
		    const char *arguments, void (*print_help)(void), struct options *ret_options)
{
	struct err err = {0};
	int result = options_parse(argc, argv, flags, ret_options, &err);

	if (result < 0)
		return command_fail(&err) + 1;
	if (result > 0) {
		print_help();
		return 1;
	}
	if (check_arguments(argv[0], ret_options, argument_count, arguments, &err) < 0) {
		options_clear(ret_options);
		return command_fail(&err) + 1;
	}
	return 0;
}

void command_print_keys_help(void)
{
	(void)fputs(
		"\nKEYS, any number of them; every volume takes the first that fits:\n"
		"  --bek PATH               a BEK file, or a directory of them\n"
		"  --recovery-password SRC  48 digits\n"
		"  --password SRC           of a password protector\n"
		"  --vmk SRC                the volume master key: hexadecimal, or 32 bytes\n"
		"  --fvek SRC               the full volume encryption key, or dislocker's file of it\n"
		"  --vault NAME|URL         look up the secrets that fit the disk's protectors\n"
		"  --vm NAME                with --vault, also by this VM's name\n"
		"  --secret URL|NAME        this secret (a NAME is looked for in --vault)\n"
		"  --azure-json FILE        the secrets that az disk show or az vm show named\n"
		"  --kek URL|NAME           this key encryption key instead of the secret's own\n"
		"  --credential auto|env|workload|managed|cli|device|token:SRC\n"
		"                           how to sign in (auto: env to device in this order)\n"
		"  --identity client:ID|object:ID|resource:ID\n"
		"                           which of this machine's managed identities\n"
		"  --cloud public|china|usgov\n"
		"                           the Azure cloud of the vault (public)\n"
		"  --tenant ID              sign in to this tenant\n"
		"  --ca-file PEM            trust these certificate authorities too\n"
		"  --trust-vault-host HOST[:PORT]\n"
		"                           a vault host outside Azure's own names\n"
		"  --timeout SECONDS        how long to keep trying a vault (60)\n"
		"  --salvage                serve what is left of damaged volumes, search for lost ones\n"
		"  --engine auto|own|libbde what decrypts (auto: our own; Vista's format: libbde)\n"
		"SRC says where a secret is read: file:PATH, env:NAME, fd:N or prompt\n"
		"\nOthers:\n"
		"  -v, --verbose            say more; -vv much more\n"
		"  -q, --quiet              say errors only\n"
		"  -h, --help               this text\n",
		stdout);
}
