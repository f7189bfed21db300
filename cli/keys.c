/* SPDX-License-Identifier: GPL-3.0-or-later */
/* KEYS; see keys.h. */
#include "cli/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/terminal/person.h"

/* The field is the struct keys, of which `kind` says what is added. */
static int add_key(const struct option_given *given, struct err *err)
{
	struct keys *keys = given->field;

	if (keys->request.key_count >= KEYS_MAX)
		return err_set(err, ERR_USAGE, EINVAL, "more than %d key options", KEYS_MAX);
	keys->list[keys->request.key_count++] = (struct open_key){
		.kind = (enum open_key_kind)given->row->kind, .value = given->value};
	return 0;
}

static int add_host(const struct option_given *given, struct err *err)
{
	const char **hosts = given->field;
	size_t count = 0;

	while (hosts[count])
		count++;
	if (count >= KEYS_HOST_MAX)
		return err_set(err, ERR_USAGE, EINVAL, "more than %d trusted vault hosts",
			       KEYS_HOST_MAX);
	hosts[count] = given->value;
	return 0;
}

/* The value is not repeated in errors: it may be the token itself. */
static int set_credential(const struct option_given *given, struct err *err)
{
	struct open_request *request = given->field;
	const char *value = given->value;
	enum entra_credential credential;

	request->token = NULL;
	if (strncmp(value, "token:", 6) == 0) {
		request->signin.credential = ENTRA_CREDENTIAL_TOKEN;
		request->token = value + 6;
		return 0;
	}
	if (!entra_credential_parse(value, &credential) || credential == ENTRA_CREDENTIAL_TOKEN) {
		err_set(err, ERR_USAGE, EINVAL, "unknown value for --credential");
		err_hint(err,
			 "--credential takes one of: auto, env, workload, managed, cli, device, "
			 "token:SRC");
		return -EINVAL;
	}
	request->signin.credential = credential;
	return 0;
}

static int set_identity(const struct option_given *given, struct err *err)
{
	if (entra_identity_parse(given->value, given->field))
		return 0;
	return option_bad_choice(given, "client:ID, object:ID, resource:/subscriptions/...", err);
}

static int set_cloud(const struct option_given *given, struct err *err)
{
	if (entra_cloud_parse(given->value, given->field))
		return 0;
	return option_bad_choice(given, "public, china, usgov", err);
}

static int set_engine(const struct option_given *given, struct err *err)
{
	if (engine_parse(given->value, given->field))
		return 0;
	return option_bad_choice(given, "auto, own, libbde", err);
}

#define KEY(key_name, key_kind, key_value, key_help)                                            \
	{                                                                                       \
		.name = (key_name), .place = OPTION_BOTH, .value = (key_value), .set = add_key, \
		.kind = (key_kind), .help = (key_help)                                          \
	}
#define SETTING(setting_name, setting_value, setter, member, setting_help)                      \
	{                                                                                       \
		.name = (setting_name), .place = OPTION_BOTH, .value = (setting_value),         \
		.set = (setter), .field = offsetof(struct keys, member), .help = (setting_help) \
	}

static const struct option_row key_rows[] = {
	KEY("vault", OPEN_KEY_VAULT, "NAME|URL", "find the disk's secrets in this key vault"),
	SETTING("vm", "NAME", option_text, request.vm, "with --vault: try this VM's secrets too"),
	KEY("secret", OPEN_KEY_SECRET, "URL|NAME",
	    "use this secret; a NAME is looked up in --vault"),
	KEY("azure-json", OPEN_KEY_AZURE_JSON, "FILE",
	    "use the secrets named in FILE, which holds the output\nof 'az disk show' or 'az vm "
	    "show'"),
	SETTING("kek", "URL|NAME", option_text, request.kek,
		"unwrap with this key, not the one the secret names"),
	KEY("bek", OPEN_KEY_BEK, "PATH", "a BEK file, or a directory of BEK files"),
	KEY("recovery-password", OPEN_KEY_RECOVERY_PASSWORD, "SRC",
	    "the 48-digit recovery password"),
	KEY("password", OPEN_KEY_PASSWORD, "SRC", "the password of a password protector"),
	KEY("vmk", OPEN_KEY_VMK, "SRC", "the volume master key: hexadecimal or 32 bytes"),
	KEY("fvek", OPEN_KEY_FVEK, "SRC",
	    "the full volume encryption key: hexadecimal, bytes,\nor the file that dislocker writes"),
};

static const struct option_row signin_rows[] = {
	SETTING("credential", "auto|env|workload|managed|cli|device|token:SRC", set_credential,
		request,
		"how to sign in; auto, the default, tries env,\nworkload, managed, cli and "
		"device in this order"),
	SETTING("identity", "client:ID|object:ID|resource:ID", set_identity,
		request.signin.identity, "which managed identity of this machine to use"),
	SETTING("tenant", "ID", option_text, request.signin.tenant, "sign in to this tenant"),
	SETTING("cloud", "public|china|usgov", set_cloud, request.signin.cloud,
		"the Azure cloud of the vault; default: public"),
	SETTING("ca-file", "PEM", option_text, request.signin.ca_file,
		"trust these certificate authorities too"),
	SETTING("trust-vault-host", "HOST[:PORT]", add_host, hosts,
		"a vault outside Azure's own names; it gets a token"),
	{.name = "timeout",
	 .place = OPTION_BOTH,
	 .value = "SECONDS",
	 .set = option_uint,
	 .field = offsetof(struct keys, request.signin.timeout_seconds),
	 .least = 1,
	 .most = 86400,
	 .help = "how long to keep trying a vault; default: 60"},
};

static const struct option_row decryption_rows[] = {
	{.name = "salvage",
	 .place = OPTION_BOTH,
	 .set = option_flag,
	 .field = offsetof(struct keys, request.salvage),
	 .help = "show what is left of damaged volumes, and search\nthe whole partition for lost "
		 "ones"},
	SETTING("engine", "auto|own|libbde", set_engine, request.engine,
		"what decrypts (not for verify); auto, the default:\nour own engine, but libbde "
		"for Windows Vista"),
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

void keys_tables(struct keys *keys, struct option_table ret_tables[KEYS_TABLES])
{
	ret_tables[0] = (struct option_table){key_rows, COUNT(key_rows), keys};
	ret_tables[1] = (struct option_table){signin_rows, COUNT(signin_rows), keys};
	ret_tables[2] = (struct option_table){decryption_rows, COUNT(decryption_rows), keys};
}

struct open_request keys_request(const struct keys *keys, const char *disk)
{
	struct open_request request = keys->request;

	request.disk = disk;
	request.keys = keys->list;
	request.trusted_hosts = keys->hosts;
	request.caller = person_caller();
	return request;
}

void keys_print_help(void)
{
	(void)fputs("\nKEYS: any number of these; each volume takes the first key that fits.\n",
		    stdout);
	option_print(key_rows, COUNT(key_rows));
	(void)fputs("SRC says where to read a secret from: file:PATH, env:NAME, fd:N or prompt.\n"
		    "\nSigning in to Azure, for --vault, --secret and --azure-json:\n",
		    stdout);
	option_print(signin_rows, COUNT(signin_rows));
	(void)fputs("\nDecryption:\n", stdout);
	option_print(decryption_rows, COUNT(decryption_rows));
}
