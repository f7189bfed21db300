/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a secret that ADE stored to the bytes of the BEK file: get, find the KEK, unwrap, decode.
 * Threads: as the client.
 */
#ifndef ADEFUSE_KEYVAULT_BEK_FETCH_H
#define ADEFUSE_KEYVAULT_BEK_FETCH_H

#include "keyvault/client/vault_secret.h"

/* What ADE uses where the tag is missing. */
#define BEK_ALGORITHM_DEFAULT "RSA-OAEP"

struct bek_fetch_result {
	struct vault_secret *item; /* as the get returned it, with version */
	struct secret *bytes;
	struct object_id *kek; /* NULL when it was not wrapped */
	const char *algorithm; /* static; NULL when it was not wrapped */
	bool unwrap_failed;    /* on failure: the secret was got, but its KEK did not unwrap it */
};

void bek_fetch_result_clear(struct bek_fetch_result *fetched);
DEFINE_CLEAR(struct bek_fetch_result, bek_fetch_result_clear)

/*
 * `kek` is --kek: a name in the secret's vault or a URL; NULL takes the tag's. On failure `item`
 * says how far it came: NULL when the secret itself was not got (-ENOENT: there is none,
 * -EKEYREVOKED: it is disabled). The caller clears `fetched` in any case.
 */
int bek_fetch(struct vault_client *client, const struct object_id *id, const char *kek,
	      struct bek_fetch_result *fetched, struct err *err);

/*
 * Which KEK: the user's choice before the tag's. When the user names the key of the tag without a
 * version, the tag's version is meant. Pure.
 */
int bek_fetch_choose_kek(const struct vault_secret *item, const char *kek,
			 struct object_id **ret_kek, struct err *err);

#endif
