/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trying keys on volumes; see unlock.h. */
#include "open/unlock.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/log.h"
#include "open/attempt.h"
#include "open/secret_source.h"
#include "open/signin.h"

bool attempt_wants_key(const struct survey_volume *volume)
{
	return survey_is_locked(volume) && volume->reason.kind == ERR_NONE;
}

bool attempt_anything_locked(const struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		if (attempt_wants_key(&survey->volumes[i]))
			return true;
	}
	return false;
}

/* Tags are foreign text, and go to terminals and JSON. */
static char *copy_or_null(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (copy)
		err_sanitise(copy);
	return copy;
}

void attempt_copy_origin(const struct keyvault_origin *origin, struct survey_origin *ret_origin)
{
	*ret_origin = (struct survey_origin){
		.secret_url = copy_or_null(origin->secret_url),
		.name = copy_or_null(origin->name),
		.version = copy_or_null(origin->version),
		.created = origin->created,
		.content_type = copy_or_null(origin->content_type),
		.machine_name = copy_or_null(origin->machine_name),
		.volume_letter = copy_or_null(origin->volume_letter),
		.kek_url = copy_or_null(origin->kek_url),
		.algorithm = copy_or_null(origin->algorithm),
	};
}

static void record_key(struct survey_volume *volume, const struct bde_key *key,
		       const struct secret *bek, const struct keyvault_origin *origin)
{
	volume->key_what = strdup(bde_key_what(key));
	if (bek)
		volume->bek = secret_copy(secret_bytes(bek), secret_size(bek));
	if (origin)
		attempt_copy_origin(origin, &volume->origin);
}

/* For verify: the same key, and the engine that did not open it. */
static void open_second(struct survey_volume *volume, const struct bde_key *key)
{
	const struct bde_protector *protector = NULL;

	if (volume->engine == BDE_ENGINE_OWN) {
		(void)bde_open(volume->source, volume->metadata, key, BDE_ENGINE_LIBBDE, 0,
			       &volume->warnings, &volume->second, &protector,
			       &volume->second_reason);
		return;
	}
	err_set(&volume->second_reason, ERR_DISK, ENOTSUP,
		"only libbde %s reads this format, so there is nothing to compare it with",
		bde_engine_version());
}

/* One key on one volume. 0 opened, -ENOKEY does not fit, other: fits but the volume cannot be
 * served. */
static int try_volume(const struct attempt *attempt, struct survey_volume *volume,
		      const struct bde_key *key, const struct secret *bek,
		      const struct keyvault_origin *origin, struct err *err)
{
	enum bde_engine engine = bde_engine_for(volume->metadata, attempt->options->engine);
	int result = bde_open(volume->source, volume->metadata, key, engine, attempt->survey->flags,
			      &volume->warnings, &volume->plain, &volume->protector, err);

	if (result == 0) {
		volume->engine = engine;
		record_key(volume, key, bek, origin);
		log_info("p%u: unlocked with %s", volume->partition->number, bde_key_what(key));
		if (attempt->options->both_engines)
			open_second(volume, key);
	} else if (result != -ENOKEY) {
		survey_set_reason(volume, err);
	}
	return result;
}

static bool has_startup_key(const struct survey_volume *volume, const struct guid *id)
{
	const struct bde_protector *protector =
		volume->metadata ? bde_info_protector(bde_metadata_info(volume->metadata), id)
				 : NULL;

	return protector && protector->type == BDE_PROTECTOR_STARTUP_KEY;
}

/* A BEK names its protector: when that is another volume's of this disk, the user is told which. */
static void name_owner(const struct survey *survey, const struct survey_volume *volume,
		       const struct bde_key *key, struct err *err)
{
	const struct guid *id = bde_key_protector_id(key);
	struct err was = *err;

	if (!id || has_startup_key(volume, id))
		return;
	for (size_t i = 0; i < survey->count; i++) {
		if (!has_startup_key(&survey->volumes[i], id))
			continue;
		err_set(err, ERR_KEY, ENOKEY, "%s is the startup key {%s} of p%u, not of p%u",
			bde_key_what(key), guid_format(id).text,
			survey->volumes[i].partition->number, volume->partition->number);
		err_hint(err, "%s", was.hint);
		return;
	}
}

bool attempt_try_key(struct attempt *attempt, const struct bde_key *key, const struct secret *bek,
		     const struct keyvault_origin *origin)
{
	bool opened = false;

	attempt->keys_tried++;
	for (size_t i = 0; i < attempt->survey->count; i++) {
		struct survey_volume *volume = &attempt->survey->volumes[i];
		struct err err = {0};

		if (!attempt_wants_key(volume))
			continue;
		if (try_volume(attempt, volume, key, bek, origin, &err) == 0) {
			opened = true;
			continue;
		}
		if (err.kind == ERR_KEY)
			name_owner(attempt->survey, volume, key, &err);
		log_info("p%u: %s", volume->partition->number, err.message);
		volume->misfit = err;
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

		if (!attempt_wants_key(volume) || !has_protector(volume, BDE_PROTECTOR_CLEAR_KEY))
			continue;
		result = bde_key_clear(&key, err);
		if (result < 0)
			return result;
		if (try_volume(attempt, volume, key, NULL, NULL, &why) == -ENOKEY)
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
	(void)attempt_try_key(attempt, key, bek, NULL);
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
		    attempt_anything_locked(attempt->survey) &&
		    try_bek_file(attempt, file, &why) < 0)
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

/* ------------------------------------------------- passwords, VMK and FVEK */

/* What is read from a SRC. */
static const struct given {
	enum key_kind kind;
	const char *prompt;
	const char *what;
	int (*read)(const char *source, const char *prompt, struct secret **ret_secret,
		    struct err *err);
	int (*make)(const struct secret *text, const char *what, struct bde_key **ret_key,
		    struct err *err);
} givens[] = {
	{KEY_RECOVERY_PASSWORD, "recovery password", "the recovery password", secret_source_read,
	 bde_key_from_recovery_password},
	{KEY_PASSWORD, "password", "the password", secret_source_read, bde_key_from_password},
	{KEY_VMK, "VMK", "the VMK", secret_source_read_whole, bde_key_from_vmk},
	{KEY_FVEK, "FVEK", "the FVEK", secret_source_read_whole, bde_key_from_fvek},
};

static int try_given(struct attempt *attempt, const struct given *given, const char *source,
		     struct err *err)
{
	struct secret *text CLEANUP(secret_free) = NULL;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	int result = given->read(source, given->prompt, &text, err);

	if (result == 0)
		result = given->make(text, given->what, &key, err);
	if (result < 0)
		return result;
	(void)attempt_try_key(attempt, key, NULL, NULL);
	return 0;
}

/* ----------------------------------------------------------------- together */

static int try_option(struct attempt *attempt, const struct key_option *option, struct err *err)
{
	for (size_t i = 0; i < sizeof(givens) / sizeof(givens[0]); i++) {
		if (givens[i].kind == option->kind)
			return try_given(attempt, &givens[i], option->value, err);
	}
	if (option->kind == KEY_BEK)
		return try_bek(attempt, option->value, err);
	return attempt_try_cloud(attempt, option, err);
}

/* By what a user can give; what a TPM or a card holds is of no use elsewhere. */
static void hint_keys(const struct survey_volume *volume, struct err *err)
{
	static const struct {
		uint16_t type;
		const char *option;
	} ways[] = {
		{BDE_PROTECTOR_STARTUP_KEY, "--vault NAME, --bek PATH"},
		{BDE_PROTECTOR_RECOVERY_PASSWORD, "--recovery-password SRC"},
		{BDE_PROTECTOR_PASSWORD, "--password SRC"},
	};
	char text[ERR_TEXT_MAX / 2];
	size_t used = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (has_protector(volume, ways[i].type))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used > 0 ? ", " : "", ways[i].option);
	}
	if (used == 0)
		err_hint(err, "none of its protectors opens it away from its machine or card; an "
			      "FVEK or VMK does (--fvek SRC, --vmk SRC)");
	else if (has_protector(volume, BDE_PROTECTOR_STARTUP_KEY))
		err_hint(err, "give one of %s", text);
	else if (has_protector(volume, BDE_PROTECTOR_RECOVERY_PASSWORD))
		err_hint(
			err,
			"give %s; Entra ID, Active Directory or a Microsoft account keeps recovery "
			"passwords by their identifier",
			text);
	else
		err_hint(err, "give %s", text);
}

/* Why this volume stays locked, as the user is told. */
static void explain_locked(const struct attempt *attempt, struct survey_volume *volume)
{
	struct err err = {0};

	if (attempt->failure.kind != ERR_NONE) {
		err = attempt->failure;
	} else if (attempt->keys_tried == 0) {
		err_set(&err, ERR_KEY, ENOKEY, "no key was given");
		hint_keys(volume, &err);
	} else if (attempt->keys_tried == 1) {
		err = volume->misfit.kind != ERR_NONE ? volume->misfit : attempt->misfit;
	} else {
		err_set(&err, ERR_KEY, ENOKEY, "none of %zu keys fits", attempt->keys_tried);
		err_hint(&err, "with -v each key's reason is shown");
	}
	survey_set_reason(volume, &err);
}

static int try_all(struct attempt *attempt, struct err *err)
{
	const struct options *options = attempt->options;
	int result = try_clear_key(attempt, err);

	for (size_t i = 0; result == 0 && i < options->key_count; i++) {
		if (!attempt_anything_locked(attempt->survey))
			break;
		result = try_option(attempt, &options->keys[i], err);
	}
	keyvault_free(attempt->keyvault);
	attempt->keyvault = NULL;
	/* nobody signs in from here on, and a mount lives for hours */
	signin_forget();
	return result;
}

int unlock_survey(struct survey *survey, const struct options *options, struct err *err)
{
	struct attempt attempt = {.survey = survey, .options = options};
	int result = survey_check_volume(survey, options->volume, err);

	if (result == 0)
		result = try_all(&attempt, err);
	if (result < 0)
		return result;
	for (size_t i = 0; i < survey->count; i++) {
		if (attempt_wants_key(&survey->volumes[i]))
			explain_locked(&attempt, &survey->volumes[i]);
	}
	return 0;
}

int unlock_preview(struct survey *survey, const struct options *options,
		   struct unlock_plan *ret_plan, struct err *err)
{
	struct unlock_plan plan CLEANUP(unlock_plan_clear) = {0};
	struct attempt attempt = {.survey = survey, .options = options, .plan = &plan};
	int result = try_all(&attempt, err);

	if (result < 0)
		return result;
	for (size_t i = 0; i < survey->count; i++) {
		struct survey_volume *volume = &survey->volumes[i];

		if (attempt_wants_key(volume) && !unlock_plan_has(&plan, volume->partition->number))
			explain_locked(&attempt, volume);
	}
	if (attempt.failure.kind != ERR_NONE && plan.count > 0)
		log_warning("%s", attempt.failure.message);
	*ret_plan = plan;
	plan = (struct unlock_plan){0};
	return 0;
}

bool unlock_plan_has(const struct unlock_plan *plan, unsigned int volume)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->rows[i].volume == volume)
			return true;
	}
	return false;
}

void unlock_plan_clear(struct unlock_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		survey_origin_clear(&plan->rows[i].origin);
	free(plan->rows);
	*plan = (struct unlock_plan){0};
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
