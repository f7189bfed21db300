/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Unlocking: key → key that wraps the VMK (as it is, or stretched) → VMK → the metadata's hash is
 * checked → full volume encryption key (FVEK). Every key is wrapped in AES-CCM, so it is certain
 * when a key does not fit.
 */
#include "bde/bde.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bde/key.h"
#include "bde/metadata.h"
#include "bde/served.h"
#include "bde/unlock.h"
#include "bde/wrapped.h"
#include "crypto/crypto.h"
#include "crypto/stretch.h"

enum {
	LISTED_MAX = 6 /* protectors named in a message, whose length is limited */
};

_Static_assert((int)STRETCH_SALT_SIZE == (int)DATUM_SALT_SIZE,
	       "a salt on disk is stretched as it is");

static uint16_t protector_type(enum bde_key_type type)
{
	switch (type) {
	case BDE_KEY_CLEAR:
		return BDE_PROTECTOR_CLEAR_KEY;
	case BDE_KEY_BEK:
		return BDE_PROTECTOR_STARTUP_KEY;
	case BDE_KEY_RECOVERY_PASSWORD:
		return BDE_PROTECTOR_RECOVERY_PASSWORD;
	case BDE_KEY_PASSWORD:
	case BDE_KEY_VMK: /* these two need no protector */
	case BDE_KEY_FVEK:
		break;
	}
	return BDE_PROTECTOR_PASSWORD;
}

/* ---------------------------------------------------------------- messages */

/* "startup key (BEK) {id}, password {id}"; `type` < 0: all of them. Number of those listed. */
static size_t list_protectors(const struct bde_info *info, int type, char *text, size_t size)
{
	size_t matched = 0;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < info->protector_count; i++) {
		const struct bde_protector *protector = &info->protectors[i];

		if ((type >= 0 && protector->type != type) || matched++ >= LISTED_MAX)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s {%s}", used ? ", " : "",
					 bde_protector_type_name(protector->type),
					 guid_format(&protector->id).text);
	}
	if (matched > LISTED_MAX)
		(void)snprintf(text + used, size - used, " and %zu more", matched - LISTED_MAX);
	return matched;
}

/* A key of this type fits nothing here: name what would. */
int unlock_no_fit(const struct bde_metadata *metadata, const struct bde_key *key, struct err *err)
{
	char all[ERR_TEXT_MAX / 2];
	char same[ERR_TEXT_MAX / 2];
	uint16_t type = protector_type(key->type);
	size_t same_count = list_protectors(&metadata->info, type, same, sizeof(same));
	int result;

	list_protectors(&metadata->info, -1, all, sizeof(all));
	if (key->type == BDE_KEY_BEK)
		result = err_set(err, ERR_KEY, ENOKEY,
				 "%s is the startup key {%s}; this volume has %s", key->what,
				 guid_format(&key->protector_id).text,
				 same_count > 0 ? same : "no startup key");
	else if (same_count > 0)
		result = err_set(err, ERR_KEY, ENOKEY, "%s does not open %s", key->what, same);
	else
		result = err_set(err, ERR_KEY, ENOKEY, "%s does not fit: this volume has no %s",
				 key->what, bde_protector_type_name(type));
	err_hint(err, "this volume is opened by: %s", all[0] ? all : "nothing that is known");
	if (err)
		err->lists_keys = true;
	return result;
}

static void hint_damaged(struct err *err)
{
	err_hint(err, "the BitLocker metadata of this disk is damaged or was changed; look for "
		      "another image of it");
}

static int damaged(struct err *err, const char *what)
{
	int result = err_set(err, ERR_DISK, EBADMSG, "%s", what);

	hint_damaged(err);
	return result;
}

/* --------------------------------------------------------------------- VMK */

/* The key that wraps a protector's VMK. -ENOENT when the protector lacks a part for that. */
static int wrapping_key(const struct bde_key *key, const struct protector *part,
			uint8_t ret_key[CRYPTO_CCM_KEY_SIZE])
{
	switch (key->type) {
	case BDE_KEY_CLEAR:
		if (!part->clear_key)
			return -ENOENT;
		memcpy(ret_key, part->clear_key, CRYPTO_CCM_KEY_SIZE);
		return 0;
	case BDE_KEY_BEK:
		memcpy(ret_key, secret_bytes(key->bytes), CRYPTO_CCM_KEY_SIZE);
		return 0;
	case BDE_KEY_RECOVERY_PASSWORD:
	case BDE_KEY_PASSWORD:
	case BDE_KEY_VMK:
	case BDE_KEY_FVEK:
		break;
	}
	return part->salt ? stretch_key(secret_bytes(key->bytes), part->salt, ret_key) : -ENOENT;
}

static int open_vmk(const struct bde_key *key, const struct protector *part,
		    struct secret **ret_vmk)
{
	struct secret *wrap CLEANUP(secret_free) = NULL;
	struct secret *vmk CLEANUP(secret_free) = NULL;
	int result;

	if (part->vmk.size == 0)
		return -ENOENT;
	wrap = secret_new(CRYPTO_CCM_KEY_SIZE);
	if (!wrap)
		return -ENOMEM;
	result = wrapping_key(key, part, secret_data(wrap));
	if (result == 0)
		result = wrapped_open(&part->vmk, secret_bytes(wrap), &vmk, NULL);
	if (result == 0 && secret_size(vmk) != CRYPTO_CCM_KEY_SIZE)
		result = -EINVAL;
	if (result == 0)
		*ret_vmk = TAKE(vmk);
	return result;
}

/*
 * What to say of a protector that should have opened and did not. Other protectors of the volume
 * may be intact, so the error stays one of keys.
 */
static int explain(const struct bde_key *key, const struct bde_protector *protector, int result,
		   struct err *err)
{
	struct guid_text id = guid_format(&protector->id);

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result == -ENOENT || result == -EINVAL) {
		result = err_set(err, ERR_KEY, ENOKEY, "key protector {%s} (%s) is damaged",
				 id.text, bde_protector_type_name(protector->type));
		err_hint(err, "try another key of this volume");
		return result;
	}
	if (result != -EBADMSG)
		return err_errno(err, ERR_OTHER, -result, "cannot try %s", key->what);
	if (key->type == BDE_KEY_CLEAR) {
		result = err_set(err, ERR_KEY, ENOKEY,
				 "the clear key on the disk does not open the volume");
		err_hint(err, "try another key of this volume");
		return result;
	}
	result = err_set(
		err, ERR_KEY, ENOKEY,
		"%s has the identifier of startup key {%s} of this volume, but does not open "
		"it: either the key or the volume's metadata is damaged",
		key->what, id.text);
	err_hint(err, "fetch the BEK file again, or try another key of this volume");
	return result;
}

bool unlock_may_fit(const struct bde_key *key, const struct bde_protector *protector)
{
	if (key->type == BDE_KEY_VMK || key->type == BDE_KEY_FVEK)
		return false;
	if (key->type == BDE_KEY_BEK && !guid_equal(&key->protector_id, &protector->id))
		return false;
	return protector->type == protector_type(key->type);
}

/*
 * Try every protector that the key may fit. A password that does not open one may open the next;
 * but a key that names its protector, and a clear key, should open it. If nothing opens, the last
 * such failure is reported.
 */
static int find_vmk(const struct bde_metadata *metadata, const struct bde_key *key,
		    struct secret **ret_vmk, size_t *ret_index, struct err *err)
{
	bool guess = key->type == BDE_KEY_PASSWORD || key->type == BDE_KEY_RECOVERY_PASSWORD;
	int worst = 0;

	for (size_t i = 0; i < metadata->info.protector_count; i++) {
		const struct bde_protector *protector = &metadata->info.protectors[i];
		int result;

		if (!unlock_may_fit(key, protector))
			continue;
		result = open_vmk(key, &metadata->parts[i], ret_vmk);
		if (result == 0) {
			*ret_index = i;
			return 0;
		}
		if (result == -EBADMSG && guess)
			continue;
		worst = explain(key, protector, result, err);
	}
	return worst < 0 ? worst : unlock_no_fit(metadata, key, err);
}

/* Whether this datum is wrapped under this VMK, whatever else may be wrong with it. */
static bool opens_datum(const struct datum_ccm *datum, const struct secret *vmk)
{
	struct secret *content CLEANUP(secret_free) = NULL;
	int result =
		datum->size > 0 ? wrapped_open(datum, secret_bytes(vmk), &content, NULL) : -EBADMSG;

	return result == 0 || result == -EINVAL;
}

/* A VMK from the user: when it opens one of the two datums under it, it is the volume's. */
static int take_vmk(const struct bde_metadata *metadata, const struct bde_key *key,
		    struct secret **ret_vmk, struct err *err)
{
	struct secret *vmk;

	if (!opens_datum(&metadata->block.hash, key->bytes) &&
	    !opens_datum(&metadata->block.fvek, key->bytes)) {
		err_set(err, ERR_KEY, ENOKEY, "%s does not open this volume", key->what);
		err_hint(err,
			 "check that it is the current VMK of this volume; 'adefuse info DISK' "
			 "shows the volume's identifier");
		return -ENOKEY;
	}
	vmk = secret_copy(secret_bytes(key->bytes), secret_size(key->bytes));
	if (!vmk)
		return err_nomem(err);
	*ret_vmk = vmk;
	return 0;
}

/* -------------------------------------------------------------------- FVEK */

/* Check that the holder of the VMK wrote this metadata. */
static int check_hash(const struct bde_metadata *metadata, const struct secret *vmk,
		      struct err *err)
{
	struct secret *stored CLEANUP(secret_free) = NULL;
	uint8_t computed[CRYPTO_SHA256_SIZE];
	int result;

	if (metadata->block.hash.size == 0)
		return damaged(err, "the metadata carries no hash");
	result = crypto_sha256(metadata->bytes, metadata->block.size, computed);
	if (result == 0)
		result = wrapped_open(&metadata->block.hash, secret_bytes(vmk), &stored, NULL);
	if (result == -EBADMSG || result == -EINVAL)
		return damaged(err,
			       "the hash of the metadata cannot be opened with the volume's key");
	if (result < 0)
		return err_errno(err, ERR_OTHER, -result, "cannot check the metadata");
	if (secret_size(stored) != sizeof(computed) ||
	    memcmp(secret_bytes(stored), computed, sizeof(computed)) != 0)
		return damaged(err, "the metadata does not have the hash that is stored with it");
	return 0;
}

static int open_fvek(const struct bde_metadata *metadata, const struct secret *vmk,
		     struct secret **ret_fvek, struct err *err)
{
	const struct bde_info *info = &metadata->info;
	struct secret *fvek CLEANUP(secret_free) = NULL;
	size_t want = method_fvek_size(info->method);
	uint16_t method = 0;
	int result;

	if (metadata->block.fvek.size == 0)
		return damaged(err, "the metadata holds no volume encryption key");
	result = wrapped_open(&metadata->block.fvek, secret_bytes(vmk), &fvek, &method);
	if (result == -EBADMSG || result == -EINVAL)
		return damaged(err, "the volume encryption key in the metadata is damaged");
	if (result < 0)
		return err_errno(err, ERR_OTHER, -result, "cannot open the volume encryption key");
	if (method != info->method)
		result =
			err_set(err, ERR_DISK, EBADMSG,
				"the metadata says method 0x%04x, the volume encryption key 0x%04x",
				info->method, method);
	else if (want != 0 && secret_size(fvek) != want)
		result = err_set(err, ERR_DISK, EBADMSG,
				 "the volume encryption key has %zu bytes; %s takes %zu",
				 secret_size(fvek), bde_method_name(method), want);
	if (result < 0) {
		hint_damaged(err);
		return result;
	}
	*ret_fvek = TAKE(fvek);
	return 0;
}

int unlock_take_fvek(const struct bde_key *key, uint16_t method, struct secret **ret_fvek,
		     struct err *err)
{
	size_t have = secret_size(key->bytes);
	size_t want = method_fvek_size(method);
	struct secret *fvek;
	int result = 0;

	if (key->method != 0 && key->method != method)
		result = err_set(err, ERR_KEY, ENOKEY, "%s is for %s, and this volume has %s",
				 key->what, bde_method_name(key->method), bde_method_name(method));
	else if (key->method == 0 && want != 0 && have != want && have != method_keys_size(method))
		result = err_set(err, ERR_KEY, ENOKEY,
				 "%s has %zu bytes; %s of this volume takes %zu", key->what, have,
				 bde_method_name(method), want);
	if (result < 0) {
		err_hint(err,
			 "check that it is this volume's FVEK and complete, the tweak key after "
			 "the key");
		return result;
	}
	if (have < want)
		fvek = method_join_keys(method, key->bytes);
	else /* the front of dislocker's file; a method that is not known is refused later */
		fvek = secret_copy(secret_bytes(key->bytes), want ? want : have);
	if (!fvek)
		return err_nomem(err);
	*ret_fvek = fvek;
	return 0;
}

/* By a protector or the VMK: everything is checked. */
static int unlock_by_vmk(const struct bde_metadata *metadata, const struct bde_key *key,
			 struct secret **ret_fvek, const struct bde_protector **ret_protector,
			 struct err *err)
{
	struct secret *vmk CLEANUP(secret_free) = NULL;
	bool given = key->type == BDE_KEY_VMK;
	size_t index = 0;
	int result = given ? take_vmk(metadata, key, &vmk, err)
			   : find_vmk(metadata, key, &vmk, &index, err);

	if (result == 0)
		result = check_hash(metadata, vmk, err);
	if (result == 0)
		result = open_fvek(metadata, vmk, ret_fvek, err);
	if (result == 0)
		*ret_protector = given ? NULL : &metadata->info.protectors[index];
	return result;
}

int bde_unlock(const struct bde_metadata *metadata, const struct bde_key *key,
	       struct bde_unlocked **ret_unlocked, const struct bde_protector **ret_protector,
	       struct err *err)
{
	struct bde_unlocked *unlocked CLEANUP(bde_unlocked_free) = NULL;
	const struct bde_protector *protector = NULL;
	int result = served_check_version(metadata, err);

	if (result < 0)
		return result;
	unlocked = calloc(1, sizeof(*unlocked));
	if (!unlocked)
		return err_nomem(err);
	unlocked->volume_id = metadata->info.volume_id;
	unlocked->unproven = key->type == BDE_KEY_FVEK;
	result = unlocked->unproven
			 ? unlock_take_fvek(key, metadata->info.method, &unlocked->fvek, err)
			 : unlock_by_vmk(metadata, key, &unlocked->fvek, &protector, err);
	if (result < 0)
		return result;
	*ret_unlocked = TAKE(unlocked);
	*ret_protector = protector;
	return 0;
}

void bde_unlocked_free(struct bde_unlocked *unlocked)
{
	if (!unlocked)
		return;
	secret_free(unlocked->fvek);
	free(unlocked);
}
