/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which engine serves a volume, and opening it through that one. */
#include "open/engine.h"

#include <errno.h>
#include <string.h>

#include "bde/key.h"
#include "bde/libbde/libbde.h"
#include "bde/metadata.h"
#include "bde/unlock.h"

const char *engine_name(enum engine engine)
{
	switch (engine) {
	case ENGINE_OWN:
		return "own";
	case ENGINE_LIBBDE:
		return "libbde";
	case ENGINE_AUTO:
		break;
	}
	return "auto";
}

bool engine_parse(const char *text, enum engine *ret_engine)
{
	for (enum engine engine = ENGINE_AUTO; engine <= ENGINE_LIBBDE; engine++) {
		if (strcmp(text, engine_name(engine)) != 0)
			continue;
		*ret_engine = engine;
		return true;
	}
	return false;
}

const char *engine_libbde_version(void)
{
	return bde_libbde_version();
}

enum engine engine_for(const struct bde_metadata *metadata, enum engine wanted)
{
	if (metadata->info.state == BDE_STATE_DECRYPTED)
		return ENGINE_OWN;
	if (wanted != ENGINE_AUTO)
		return wanted;
	return metadata->info.version == 1 ? ENGINE_LIBBDE : ENGINE_OWN;
}

/* The protectors that the key may fit: how many, and the first of them. */
static size_t count_fitting(const struct bde_info *info, const struct bde_key *key,
			    const struct bde_protector **ret_first)
{
	size_t count = 0;

	for (size_t i = 0; i < info->protector_count; i++) {
		if (unlock_may_fit(key, &info->protectors[i]) && count++ == 0)
			*ret_first = &info->protectors[i];
	}
	return count;
}

/* libbde only says that a key does not fit; we know what would. */
static void hint_protectors(const struct bde_metadata *metadata, const struct bde_key *key,
			    struct err *err)
{
	struct err why = {0};

	(void)unlock_no_fit(metadata, key, &why);
	err_hint(err, "%s", why.hint);
	if (err)
		err->lists_keys = why.lists_keys;
}

static int open_libbde(struct source *volume, const struct bde_metadata *metadata,
		       const struct bde_key *key, struct notes *warnings, struct source **ret_plain,
		       const struct bde_protector **ret_protector, struct err *err)
{
	const struct bde_protector *protector = NULL;
	size_t fitting = key ? count_fitting(&metadata->info, key, &protector) : 0;
	bool by_protector = key && key->type != BDE_KEY_VMK && key->type != BDE_KEY_FVEK;
	int result;

	/* we can say it better, and without the seconds that libbde takes */
	if (by_protector && fitting == 0)
		return unlock_no_fit(metadata, key, err);
	result = bde_libbde_open(volume, metadata, key, warnings, ret_plain, err);
	if (result == -ENOKEY && by_protector)
		hint_protectors(metadata, key, err);
	/* libbde does not say which one it was; a BEK names it */
	if (result == 0)
		*ret_protector =
			fitting == 1 || (key && key->type == BDE_KEY_BEK) ? protector : NULL;
	return result;
}

static int open_own(struct source *volume, const struct bde_metadata *metadata,
		    const struct bde_key *key, unsigned int flags, struct notes *warnings,
		    struct source **ret_plain, const struct bde_protector **ret_protector,
		    struct err *err)
{
	struct bde_unlocked *unlocked CLEANUP(bde_unlocked_free) = NULL;
	const struct bde_protector *protector = NULL;
	int result = key ? bde_unlock(metadata, key, &unlocked, &protector, err) : 0;

	if (result == 0)
		result = bde_volume_open(volume, metadata, unlocked, flags, warnings, ret_plain,
					 err);
	if (result == 0)
		*ret_protector = protector;
	else if (result == -ENOTSUP && metadata->info.version == 1)
		err_hint(err, bde_libbde_version()
				      ? "libbde reads it: --engine libbde"
				      : "build adefuse with libbde, which reads it (libbde-dev)");
	return result;
}

int engine_open(struct source *volume, const struct bde_metadata *metadata,
		const struct bde_key *key, enum engine engine, unsigned int flags,
		struct notes *warnings, struct source **ret_plain,
		const struct bde_protector **ret_protector, struct err *err)
{
	if (engine_for(metadata, engine) == ENGINE_LIBBDE)
		return open_libbde(volume, metadata, key, warnings, ret_plain, ret_protector, err);
	return open_own(volume, metadata, key, flags, warnings, ret_plain, ret_protector, err);
}
