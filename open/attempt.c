/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trying keys on volumes; see attempt.h. */
#include "open/attempt.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

bool attempt_wants_key(const struct opened_volume *volume)
{
	return opened_is_locked(volume) && volume->reason.kind == ERR_NONE;
}

bool attempt_wants_any(const struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->disk->count; i++) {
		if (attempt_wants_key(&attempt->disk->volumes[i]))
			return true;
	}
	return false;
}

void attempt_note_misfit(struct attempt *attempt, const struct err *err)
{
	attempt->keys_tried++;
	attempt->misfit = *err;
}

void attempt_note_failure(struct attempt *attempt, const struct err *err)
{
	log_info("%s", err->message);
	if (attempt->failure.kind == ERR_NONE)
		attempt->failure = *err;
}

static void record_key(struct opened_volume *volume, const struct bde_key *key,
		       const struct secret *bek, const struct keyvault_origin *origin)
{
	volume->key_what = strdup(bde_key_what(key));
	if (bek)
		volume->bek = secret_copy(secret_bytes(bek), secret_size(bek));
	if (origin)
		open_origin_copy(origin, &volume->origin);
}

/* For comparing: the same key, and the engine that did not open it. */
static void open_second(struct opened_volume *volume, const struct bde_key *key)
{
	const struct bde_protector *protector = NULL;

	if (volume->engine == ENGINE_OWN) {
		(void)engine_open(volume->source, volume->metadata, key, ENGINE_LIBBDE, 0,
				  &volume->warnings, &volume->second, &protector,
				  &volume->second_reason);
		return;
	}
	err_set(&volume->second_reason, ERR_DISK, ENOTSUP,
		"only libbde %s reads this format, so there is nothing to compare it with",
		engine_libbde_version());
}

/*
 * One key on one volume, and the BEK that it was made of. 0: it opens. -ENOKEY: it does not fit.
 * Anything else: it fits, but the volume cannot be served, and its reason is set.
 */
static int try_volume(const struct attempt *attempt, struct opened_volume *volume,
		      const struct bde_key *key, const struct secret *bek,
		      const struct keyvault_origin *origin, struct err *err)
{
	enum engine engine = engine_for(volume->metadata, attempt->request->engine);
	int result = engine_open(volume->source, volume->metadata, key, engine,
				 attempt->disk->salvage ? BDE_SALVAGE : 0, &volume->warnings,
				 &volume->plain, &volume->protector, err);

	if (result == 0) {
		volume->engine = engine;
		record_key(volume, key, bek, origin);
		log_info("p%u: unlocked with %s", volume->partition->number, bde_key_what(key));
		if (attempt->request->second_engine)
			open_second(volume, key);
	} else if (result != -ENOKEY) {
		opened_set_reason(volume, err);
	}
	return result;
}

static bool has_startup_key(const struct opened_volume *volume, const struct guid *id)
{
	const struct bde_protector *protector =
		volume->metadata ? bde_info_protector(bde_metadata_info(volume->metadata), id)
				 : NULL;

	return protector && protector->type == BDE_PROTECTOR_STARTUP_KEY;
}

/* A BEK names its protector. If that is another volume's of this disk, say which. */
static void name_owner(const struct opened_disk *disk, const struct opened_volume *volume,
		       const struct bde_key *key, struct err *err)
{
	const struct guid *id = bde_key_protector_id(key);

	if (!id || has_startup_key(volume, id))
		return;
	for (size_t i = 0; i < disk->count; i++) {
		struct err was = *err;

		if (!has_startup_key(&disk->volumes[i], id))
			continue;
		err_set(err, ERR_KEY, ENOKEY, "%s is the startup key {%s} of p%u, not of p%u",
			bde_key_what(key), guid_format(id).text, disk->volumes[i].partition->number,
			volume->partition->number);
		err_hint(err, "%s", was.hint);
		err->lists_keys = was.lists_keys;
		return;
	}
}

bool attempt_try_key(struct attempt *attempt, const struct bde_key *key, const struct secret *bek,
		     const struct keyvault_origin *origin)
{
	bool opened = false;

	attempt->keys_tried++;
	for (size_t i = 0; i < attempt->disk->count; i++) {
		struct opened_volume *volume = &attempt->disk->volumes[i];
		struct err err = {0};

		if (!attempt_wants_key(volume))
			continue;
		if (try_volume(attempt, volume, key, bek, origin, &err) == 0) {
			opened = true;
			continue;
		}
		if (err.kind == ERR_KEY)
			name_owner(attempt->disk, volume, key, &err);
		log_info("p%u: %s", volume->partition->number, err.message);
		volume->misfit = err;
		attempt->misfit = err;
	}
	return opened;
}

int attempt_try_clear_key(struct attempt *attempt, struct err *err)
{
	for (size_t i = 0; i < attempt->disk->count; i++) {
		struct opened_volume *volume = &attempt->disk->volumes[i];
		struct bde_key *key CLEANUP(bde_key_free) = NULL;
		struct err why = {0};
		int result;

		if (!attempt_wants_key(volume) ||
		    !bde_info_has(bde_metadata_info(volume->metadata), BDE_PROTECTOR_CLEAR_KEY))
			continue;
		result = bde_key_clear(&key, err);
		if (result < 0)
			return result;
		if (try_volume(attempt, volume, key, NULL, NULL, &why) == -ENOKEY)
			notes_add(&volume->warnings,
				  "the clear key on the disk does not open the volume: %s",
				  why.message);
	}
	return 0;
}
