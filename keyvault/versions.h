/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The versions of one secret, as candidates. */
#ifndef ADEFUSE_KEYVAULT_VERSIONS_H
#define ADEFUSE_KEYVAULT_VERSIONS_H

#include "keyvault/ade.h"

/*
 * All versions of the secret, newest first; what has expired by `versions->now` comes last. The
 * caller clears `versions` in any case. Errors as vault_secret_list().
 */
int versions_list(struct vault_client *client, const struct object_id *id,
		  struct ade_candidates *versions, struct err *err);

/*
 * The version that a get of `id` would give: the one asked for, or the newest that is enabled. With
 * the vault's refusal in words: -ENOENT when there is none, -EKEYREVOKED when it, or each of them,
 * is disabled.
 */
int versions_current(const struct ade_candidates *versions, const struct object_id *id,
		     const struct vault_secret **ret_item, struct err *err);

#endif
