/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trying keys on volumes; see unlock.h. */
#include "cli/unlock.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cli/secret_source.h"
#include "cli/signin.h"

enum {
	WANTED_IDS_MAX = 256
};

struct attempt {
	struct survey *survey;
	const struct options *options;
	struct keyvault *keyvault; /* made when first needed */
	size_t keys_tried;
	struct err misfit;  /* why the last key did not fit */
	struct err failure; /* the first search that could not be finished (network, permission,
			       ...) */
};

/* A key could help: locked, and nothing else stands in the way. */
static bool wants_key(const struct survey_volume *volume)
{
	return survey_is_locked(volume) && volume->reason.kind == ERR_NONE;
}

static bool anything_locked(const struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		if (wants_key(&survey->volumes[i]))
			return true;
	}
	return false;
}

static char *copy_or_null(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void record_key(struct survey_volume *volume, const struct bde_key *key,
		       const struct secret *bek, const struct keyvault_origin *origin)
{
	volume->key_what = strdup(bde_key_what(key));
	if (bek)
		volume->bek = secret_copy(secret_bytes(bek), secret_size(bek));
	if (origin) {
		volume->origin.secret_url = copy_or_null(origin->secret_url);
		volume->origin.kek_url = copy_or_null(origin->kek_url);
		volume->origin.algorithm = copy_or_null(origin->algorithm);
	}
}

/* One key on one volume. 0 opened, -ENOKEY does not fit, other: fits but the volume cannot be
 * served. */
static int try_volume(struct survey_volume *volume, const struct bde_key *key,
		      const struct secret *bek, const struct keyvault_origin *origin,
		      struct err *err)
{
	struct bde_unlocked *unlocked CLEANUP(bde_unlocked_free) = NULL;
	int result = bde_unlock(volume->metadata, key, &unlocked, &volume->protector, err);

	if (result == 0)
		result = bde_volume_open(volume->source, volume->metadata, unlocked, &volume->plain,
					 err);
	if (result == 0) {
		record_key(volume, key, bek, origin);
		log_info("p%u: unlocked with %s", volume->partition->number, bde_key_what(key));
	} else if (result != -ENOKEY) {
		survey_set_reason(volume, err);
	}
	return result;
}

/* One key on every volume that is still locked. Whether it opened one. */
static bool try_key(struct attempt *attempt, const struct bde_key *key, const struct secret *bek,
		    const struct keyvault_origin *origin)
{
	bool opened = false;

	attempt->keys_tried++;
	for (size_t i = 0; i < attempt->survey->count; i++) {
		struct survey_volume *volume = &attempt->survey->volumes[i];
		struct err err = {0};

		if (!wants_key(volume))
			continue;
		if (try_volume(volume, key, bek, origin, &err) == 0) {
			opened = true;
			continue;
		}
		log_info("p%u: %s", volume->partition->number, err.message);
		attempt->misfit = err;
	}
	return opened;
}

static bool has_protector(const struct survey_volume *volume, uint16_t type)
{
	const struct bde_info *info = bde_metadata_info(volume->metadata);

	for (size_t i = 0; i < info->protector_count; i++) {
		if (info->protectors[i].type == type)
			return true;
	}
	return false;
}

static int try_clear_key(struct attempt *attempt, struct err *err)
{
	for (size_t i = 0; i < attempt->survey->count; i++) {
		struct survey_volume *volume = &attempt->survey->volumes[i];
		struct bde_key *key CLEANUP(bde_key_free) = NULL;
		struct err why = {0};
		int result;

		if (!wants_key(volume) || !has_protector(volume, BDE_PROTECTOR_CLEAR_KEY))
			continue;
		result = bde_key_clear(&key, err);
		if (result < 0)
			return result;
		if (try_volume(volume, key, NULL, NULL, &why) == -ENOKEY)
			notes_add(&volume->warnings,
				  "the clear key on the disk does not open it: %s", why.message);
	}
	return 0;
}

/* ---------------------------------------------------------------- BEK files */

static int try_bek_file(struct attempt *attempt, const char *path, struct err *err)
{
	struct secret *bek CLEANUP(secret_free) = NULL;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	char what[ERR_TEXT_MAX / 2];
	int result = secret_file_read(path, &bek, err);

	if (result < 0)
		return result;
	(void)snprintf(what, sizeof(what), "BEK file '%s'", path);
	result = bde_key_from_bek(secret_bytes(bek), secret_size(bek), what, &key, err);
	if (result < 0)
		return result;
	(void)try_key(attempt, key, bek, NULL);
	return 0;
}

static int is_bek_name(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && strcasecmp(entry->d_name + length - 4, ".bek") == 0;
}

/* Every BEK file of a directory; a damaged one among them is passed over with a warning. */
static int try_bek_directory(struct attempt *attempt, const char *path, struct err *err)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_bek_name, alphasort);

	if (count < 0) {
		int error = errno;

		return err_set(err, ERR_USAGE, error, "cannot list '%s': %s", path,
			       strerror(error));
	}
	if (count == 0) {
		err_set(&attempt->misfit, ERR_KEY, ENOKEY, "directory '%s' holds no .BEK file",
			path);
		err_hint(&attempt->misfit, "--bek takes a .BEK file or a directory of them");
		attempt->keys_tried++;
	}
	for (int i = 0; i < count; i++) {
		char file[4096];
		struct err why = {0};
		int length = snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);

		if (length > 0 && (size_t)length < sizeof(file) &&
		    anything_locked(attempt->survey) && try_bek_file(attempt, file, &why) < 0)
			log_warning("%s", why.message);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static int try_bek(struct attempt *attempt, const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		int error = errno;

		err_set(err, ERR_USAGE, error, "BEK file '%s': %s", path, strerror(error));
		err_hint(err, "--bek takes a .BEK file or a directory of them");
		return -error;
	}
	return S_ISDIR(st.st_mode) ? try_bek_directory(attempt, path, err)
				   : try_bek_file(attempt, path, err);
}

/* ---------------------------------------------------------------- passwords */

static int try_password(struct attempt *attempt, const char *source, bool recovery, struct err *err)
{
	const char *what = recovery ? "recovery password" : "password";
	struct secret *text CLEANUP(secret_free) = NULL;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	int result = secret_source_read(source, what, &text, err);

	if (result < 0)
		return result;
	result = recovery ? bde_key_from_recovery_password(text, "the recovery password", &key, err)
			  : bde_key_from_password(text, "the password", &key, err);
	if (result < 0)
		return result;
	(void)try_key(attempt, key, NULL, NULL);
	return 0;
}

/* -------------------------------------------------------------------- vault */

static int open_keyvault(struct attempt *attempt, struct err *err)
{
	struct keyvault_options options = attempt->options->keyvault;

	if (attempt->keyvault)
		return 0;
	options.trusted_hosts = attempt->options->trusted_hosts;
	signin_prepare(attempt->options, &options);
	return keyvault_new(&options, &attempt->keyvault, err);
}

/* A BEK out of the vault: whether it opens a volume. */
static int accept_bek(void *context, const struct secret *bek, const struct keyvault_origin *origin,
		      struct err *err)
{
	struct attempt *attempt = context;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	char what[ERR_TEXT_MAX / 2];

	(void)snprintf(what, sizeof(what), "secret '%s'", origin->secret_url);
	if (bde_key_from_bek(secret_bytes(bek), secret_size(bek), what, &key, err) < 0)
		return -ENOKEY;
	if (try_key(attempt, key, bek, origin))
		return 0;
	*err = attempt->misfit;
	return -ENOKEY;
}

/* The startup-key protectors of all volumes that are still locked, so that one listing serves all.
 */
static size_t wanted_ids(const struct survey *survey, struct guid *ids, size_t capacity)
{
	size_t count = 0;

	for (size_t i = 0; i < survey->count; i++) {
		const struct bde_info *info;

		if (!wants_key(&survey->volumes[i]))
			continue;
		info = bde_metadata_info(survey->volumes[i].metadata);
		for (size_t k = 0; k < info->protector_count && count < capacity; k++) {
			if (info->protectors[k].type == BDE_PROTECTOR_STARTUP_KEY)
				ids[count++] = info->protectors[k].id;
		}
	}
	return count;
}

/* Another protector of the same volume may have opened it. */
static bool is_wanted(void *context, const struct guid *id)
{
	const struct attempt *attempt = context;
	struct guid ids[WANTED_IDS_MAX];
	size_t count = wanted_ids(attempt->survey, ids, WANTED_IDS_MAX);

	for (size_t i = 0; i < count; i++) {
		if (guid_equal(&ids[i], id))
			return true;
	}
	return false;
}

static struct keyvault_request request_of(struct attempt *attempt)
{
	return (struct keyvault_request){
		.vm = attempt->options->vm,
		.kek = attempt->options->kek,
		.accept = accept_bek,
		.wanted = is_wanted,
		.context = attempt,
	};
}

/* A failed search is remembered, not fatal: another key may still open the volume. */
static void keep_failure(struct attempt *attempt, const struct err *err)
{
	log_info("%s", err->message);
	if (attempt->failure.kind == ERR_NONE)
		attempt->failure = *err;
}

static int try_vault(struct attempt *attempt, const char *vault, struct err *err)
{
	struct guid ids[WANTED_IDS_MAX];
	size_t count = wanted_ids(attempt->survey, ids, WANTED_IDS_MAX);
	struct keyvault_request request = request_of(attempt);
	size_t found = 0;
	struct err why = {0};
	int result;

	if (count == 0 && !attempt->options->vm) {
		log_warning("vault '%s' is not asked: no volume has a startup key (BEK) protector",
			    vault);
		return 0;
	}
	result = open_keyvault(attempt, err);
	if (result < 0)
		return result;
	request.vault = vault;
	request.ids = ids;
	request.id_count = count;
	result = keyvault_search(attempt->keyvault, &request, &found, &why);
	if (result < 0 && result != -ENOKEY) {
		keep_failure(attempt, &why);
	} else if (found == 0 && attempt->misfit.kind == ERR_NONE) {
		err_set(&attempt->misfit, ERR_KEY, ENOKEY,
			"vault '%s' holds no secret for the protectors of this disk", vault);
		err_hint(&attempt->misfit,
			 "look for another vault (the VM's encryption settings name it), or give "
			 "--vm NAME or --secret URL");
		attempt->keys_tried++;
	}
	return 0;
}

static bool is_url(const char *text)
{
	return strstr(text, "://") != NULL;
}

static const char *first_vault(const struct options *options)
{
	for (size_t i = 0; i < options->key_count; i++) {
		if (options->keys[i].kind == KEY_VAULT)
			return options->keys[i].value;
	}
	return NULL;
}

static int try_secret(struct attempt *attempt, const char *secret, struct err *err)
{
	const char *vault = is_url(secret) ? NULL : first_vault(attempt->options);
	struct keyvault_request request = request_of(attempt);
	struct err why = {0};
	int result;

	if (!is_url(secret) && !vault) {
		err_set(err, ERR_USAGE, EINVAL, "--secret '%s' is a name, and no vault was given",
			secret);
		err_hint(err, "add --vault NAME, or give the secret's whole https URL");
		return -EINVAL;
	}
	result = open_keyvault(attempt, err);
	if (result < 0)
		return result;
	request.vault = vault;
	result = keyvault_get(attempt->keyvault, &request, secret, &why);
	if (result < 0 && result != -ENOKEY)
		keep_failure(attempt, &why);
	else if (result == -ENOKEY)
		attempt->misfit = why;
	return 0;
}

/* A secret named by --secret NAME says where to look in the vault; the vault is not searched then.
 */
static bool vault_is_searched(const struct options *options)
{
	for (size_t i = 0; i < options->key_count; i++) {
		if (options->keys[i].kind == KEY_SECRET && !is_url(options->keys[i].value))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------------- together */

static int try_option(struct attempt *attempt, const struct key_option *option, struct err *err)
{
	switch (option->kind) {
	case KEY_BEK:
		return try_bek(attempt, option->value, err);
	case KEY_RECOVERY_PASSWORD:
		return try_password(attempt, option->value, true, err);
	case KEY_PASSWORD:
		return try_password(attempt, option->value, false, err);
	case KEY_VAULT:
		if (!vault_is_searched(attempt->options))
			return 0;
		return try_vault(attempt, option->value, err);
	case KEY_SECRET:
		return try_secret(attempt, option->value, err);
	}
	return 0;
}

/* Why this volume stays locked, as the user is told. */
static void explain_locked(const struct attempt *attempt, struct survey_volume *volume)
{
	struct err err = {0};

	if (attempt->failure.kind != ERR_NONE) {
		err = attempt->failure;
	} else if (attempt->keys_tried == 0) {
		err_set(&err, ERR_KEY, ENOKEY, "no key was given");
		err_hint(&err, "give one of --vault NAME, --bek PATH, --recovery-password SRC, "
			       "--password SRC");
	} else if (attempt->keys_tried == 1) {
		err = attempt->misfit;
	} else {
		err_set(&err, ERR_KEY, ENOKEY, "none of %zu keys fits", attempt->keys_tried);
		err_hint(&err, "with -v each key's reason is shown");
	}
	survey_set_reason(volume, &err);
}

int unlock_survey(struct survey *survey, const struct options *options, struct err *err)
{
	struct attempt attempt = {.survey = survey, .options = options};
	int result = try_clear_key(&attempt, err);

	for (size_t i = 0; result == 0 && i < options->key_count; i++) {
		if (!anything_locked(survey))
			break;
		result = try_option(&attempt, &options->keys[i], err);
	}
	keyvault_free(attempt.keyvault);
	/* nobody signs in from here on, and a mount lives for hours */
	signin_forget();
	if (result < 0)
		return result;
	for (size_t i = 0; i < survey->count; i++) {
		if (wants_key(&survey->volumes[i]))
			explain_locked(&attempt, &survey->volumes[i]);
	}
	return 0;
}

/* "startup key (BEK) 4381F759-..., recovery password 294BC732-..." */
static void list_protectors(const struct bde_info *info, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < info->protector_count && used < size; i++) {
		int length = snprintf(text + used, size - used, "%s%s %s", i > 0 ? ", " : "",
				      bde_protector_type_name(info->protectors[i].type),
				      guid_format(&info->protectors[i].id).text);

		if (length < 0)
			return;
		used += (size_t)length;
	}
}

/* What could open it: the user has to know what to look for. */
static void append_protectors(const struct bde_info *info, struct err *err)
{
	char protectors[ERR_TEXT_MAX / 2];
	size_t used = strlen(err->message);

	list_protectors(info, protectors, sizeof(protectors));
	(void)snprintf(err->message + used, sizeof(err->message) - used, "; it has: %s",
		       info->protector_count > 0 ? protectors : "no protectors");
}

/* A key that does not fit already says in its hint what would. */
static bool names_protectors(const struct err *err)
{
	return strstr(err->hint, "opened by: ") != NULL;
}

int unlock_verdict(const struct survey *survey, struct err *err)
{
	const struct survey_volume *first = NULL;

	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_volume *volume = &survey->volumes[i];

		if (!survey_is_bitlocker(volume))
			continue;
		if (volume->plain)
			return 0;
		if (!first)
			first = volume;
	}
	if (!first)
		return 0;
	*err = first->reason;
	if (err->kind == ERR_KEY && first->metadata && !names_protectors(err))
		append_protectors(bde_metadata_info(first->metadata), err);
	/* what an option or a vault does wrong is not the volume's */
	if (err->kind == ERR_KEY || err->kind == ERR_DISK)
		err_prefix(err, "p%u", first->partition->number);
	return -ENOKEY;
}
