/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Versions of a secret; see versions.h. */
#include "keyvault/versions.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static int on_version(void *context, struct vault_secret **item, struct err *err)
{
	struct ade_candidates *versions = context;
	int result;

	if (!(*item)->id->version[0])
		return 0;
	result = ade_add(versions, item, ADE_BY_NAME, 0);
	if (result == -E2BIG)
		return err_set(err, ERR_NETWORK, E2BIG, "a secret has more than %d versions",
			       ADE_CANDIDATES_MAX);
	return result == 0 ? 0 : err_nomem(err);
}

int versions_list(struct vault_client *client, const struct object_id *id,
		  struct ade_candidates *versions, struct err *err)
{
	int result = vault_secret_list(client, id->vault, id->name, on_version, versions, err);

	if (result == 0)
		ade_sort(versions);
	return result;
}

static const struct vault_secret *pick(const struct ade_candidates *versions, const char *version)
{
	for (size_t i = 0; i < versions->count; i++) {
		const struct vault_secret *item = versions->list[i].item;

		if (version[0] ? strcasecmp(item->id->version, version) == 0 : item->enabled)
			return item;
	}
	return NULL;
}

int versions_current(const struct ade_candidates *versions, const struct object_id *id,
		     const struct vault_secret **ret_item, struct err *err)
{
	const struct vault_secret *item = pick(versions, id->version);

	if (item && item->enabled) {
		*ret_item = item;
		return 0;
	}
	if (versions->count == 0 || (!item && id->version[0]))
		return refusal_absent(id, err);
	return refusal_disabled(versions->list[0].item->id, err);
}
