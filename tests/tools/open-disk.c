/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk opened through open/ alone, for tests/e2e/keys/door.sh. It links nothing of cli/, fs/ or
 * export/, so it shows that the door needs none of them.
 *
 *   open-disk DISK [KIND=VALUE]... [option=VALUE]...
 *
 * KIND is bek, recovery-password, password, vmk, fvek, vault, secret or azure-json; the options are
 * vm, kek, engine, volume, ca-file, trust-vault-host, salvage, second-engine, preview, and first: a
 * BEK that a call of its own tries before. What a prompt asks for comes from the variable ANSWER.
 * Prints a line for the disk and each volume, with SHA-256 of what is readable; exits with the kind
 * of the error.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "open/open.h"

enum {
	KEYS_MAX = 16,
	PIECE = 1 << 20,
};

static const struct {
	const char *name;
	enum open_key_kind kind;
} kinds[] = {
	{"bek", OPEN_KEY_BEK},		 {"recovery-password", OPEN_KEY_RECOVERY_PASSWORD},
	{"password", OPEN_KEY_PASSWORD}, {"vmk", OPEN_KEY_VMK},
	{"fvek", OPEN_KEY_FVEK},	 {"vault", OPEN_KEY_VAULT},
	{"secret", OPEN_KEY_SECRET},	 {"azure-json", OPEN_KEY_AZURE_JSON},
};

static struct open_key keys[KEYS_MAX];
static const char *trusted[2];
static bool preview;
static struct open_key first = {.kind = OPEN_KEY_BEK};

static int ask(void *context, const char *what, struct secret **ret_secret, struct err *err)
{
	const char *answer = getenv(context);

	printf("asked for the %s\n", what);
	if (!answer)
		return err_set(err, ERR_USAGE, ENOENT, "no answer for the %s", what);
	*ret_secret = secret_copy(answer, strlen(answer));
	return *ret_secret ? 0 : err_nomem(err);
}

static void tell(void *context, const char *line)
{
	(void)context;
	printf("told: %s\n", line);
}

static bool is(const char *word, const char *name, const char **ret_value)
{
	size_t length = strlen(name);

	if (strncmp(word, name, length) != 0 || word[length] != '=')
		return false;
	*ret_value = word + length + 1;
	return true;
}

static bool take_key(const char *word, struct open_request *request)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *value;

		if (!is(word, kinds[i].name, &value) || request->key_count == KEYS_MAX)
			continue;
		keys[request->key_count++] = (struct open_key){kinds[i].kind, value};
		return true;
	}
	return false;
}

static bool take_option(const char *word, struct open_request *request)
{
	const char *value;

	if (is(word, "vm", &request->vm) || is(word, "kek", &request->kek) ||
	    is(word, "ca-file", &request->signin.ca_file) ||
	    is(word, "trust-vault-host", &trusted[0]) || is(word, "first", &first.value))
		return true;
	if (is(word, "engine", &value))
		return engine_parse(value, &request->engine);
	if (is(word, "volume", &value))
		return (request->volume = (unsigned int)strtoul(value, NULL, 10)) > 0;
	if (strcmp(word, "salvage") == 0)
		return request->salvage = true;
	if (strcmp(word, "second-engine") == 0)
		return request->second_engine = true;
	return strcmp(word, "preview") == 0 && (preview = true);
}

static int print_hash(struct source *source)
{
	static uint8_t piece[PIECE];
	struct crypto_hash *hash CLEANUP(crypto_hash_free) = NULL;
	uint8_t digest[CRYPTO_SHA256_SIZE];
	int result = crypto_hash_new(&hash);

	for (uint64_t at = 0; result == 0 && at < source->size;) {
		size_t length = source->size - at < PIECE ? (size_t)(source->size - at) : PIECE;

		result = source_pread(source, piece, length, at);
		if (result == 0)
			result = crypto_hash_add(hash, piece, length);
		at += length;
	}
	if (result == 0)
		result = crypto_hash_end(hash, digest);
	for (size_t i = 0; result == 0 && i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	printf(result == 0 ? "\n" : "unreadable: %s\n", strerrordesc_np(-result));
	return result;
}

static int print_volume(const struct opened_volume *volume)
{
	printf("p%u %s %s ", volume->partition->number, volume->content,
	       volume->key_what ? volume->key_what : "no key");
	if (volume->second)
		printf("second ");
	if (volume->plain)
		return print_hash(volume->plain);
	printf("locked: %s\n", volume->reason.message);
	return 0;
}

static int print_disk(const struct opened_disk *disk)
{
	int result = 0;

	for (size_t i = 0; i < disk->warnings.count; i++)
		printf("warning: %s\n", disk->warnings.text[i]);
	for (size_t i = 0; result == 0 && i < disk->count; i++)
		result = print_volume(&disk->volumes[i]);
	printf("disk ");
	if (result == 0 && disk->plain)
		return print_hash(disk->plain);
	printf("not whole\n");
	return result;
}

static int show_plan(const struct open_request *request, struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	struct open_plan plan CLEANUP(open_plan_clear) = {0};
	int result = open_survey(request, &disk, err);

	if (result == 0)
		result = open_preview(disk, request, &plan, err);
	for (size_t i = 0; i < plan.count; i++)
		printf("p%u would fetch %s\n", plan.rows[i].volume, plan.rows[i].origin.name);
	return result;
}

/* As somebody does who is asked again after a key that did not fit. */
static int open_twice(const struct open_request *request, struct opened_disk **ret_disk,
		      struct err *err)
{
	struct open_request before = {.disk = request->disk, .keys = &first, .key_count = 1};
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	int result = open_survey(request, &disk, err);

	if (result == 0 && open_verdict(disk, err) == -ENOKEY)
		printf("before: %s\n", err->message);
	if (result == 0)
		result = open_unlock(disk, &before, err);
	if (result == 0 && open_verdict(disk, err) == -ENOKEY)
		printf("first: %s\n", err->message);
	if (result == 0)
		result = open_unlock(disk, request, err);
	if (result == 0)
		*ret_disk = TAKE(disk);
	return result;
}

static int show(const struct open_request *request, struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	int result = first.value ? open_twice(request, &disk, err) : open_disk(request, &disk, err);

	if (result == 0)
		result = open_verdict(disk, err);
	return result == 0 && print_disk(disk) < 0
		       ? err_set(err, ERR_DISK, EIO, "a volume cannot be read")
		       : result;
}

int main(int argc, char **argv)
{
	static char answer[] = "ANSWER";
	struct open_request request = {
		.keys = keys,
		.trusted_hosts = trusted,
		.caller = {.ask = ask, .tell = tell, .context = answer},
	};
	struct err err = {0};
	int result;

	if (argc < 2)
		return ERR_USAGE;
	request.disk = argv[1];
	for (int i = 2; i < argc; i++) {
		if (!take_key(argv[i], &request) && !take_option(argv[i], &request)) {
			(void)fprintf(stderr, "open-disk: '%s'?\n", argv[i]);
			return ERR_USAGE;
		}
	}
	result = preview ? show_plan(&request, &err) : show(&request, &err);
	if (result == 0)
		return 0;
	(void)fprintf(stderr, "error: %s\nhint: %s\n", err.message, err.hint);
	return err.kind == ERR_NONE ? ERR_OTHER : (int)err.kind;
}
