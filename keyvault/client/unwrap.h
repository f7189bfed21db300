/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Have a vault's key unwrap a BEK; the private key never leaves the vault (Key Vault's REST API,
 * "Unwrap Key"). Threads: as the client.
 */
#ifndef ADEFUSE_KEYVAULT_CLIENT_UNWRAP_H
#define ADEFUSE_KEYVAULT_CLIENT_UNWRAP_H

#include "keyvault/client/object_id.h"
#include "keyvault/client/vault.h"

/* "RSA-OAEP", "RSA-OAEP-256", "RSA1_5" in any case, as the service spells it; NULL when none. */
const char *unwrap_algorithm(const char *name);

/*
 * `wrapped` is base64 text of either alphabet. *ret_kek is the key with the version that did it.
 * Needs the right keys/unwrapKey only: the key itself is not asked for.
 */
int unwrap_key(struct vault_client *client, const struct object_id *kek, const char *algorithm,
	       const struct secret *wrapped, struct secret **ret_bytes, struct object_id **ret_kek,
	       struct err *err);

/* Pure: the answer to an unwrap. */
int unwrap_answer_parse(const char *body, size_t size, const struct object_id *asked,
			struct secret **ret_bytes, struct object_id **ret_kek, struct err *err);

#endif
