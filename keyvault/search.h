/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look through a vault for the BEKs of a disk. */
#ifndef ADEFUSE_KEYVAULT_SEARCH_H
#define ADEFUSE_KEYVAULT_SEARCH_H

#include "keyvault/keyvault.h"
#include "keyvault/objectid.h"
#include "keyvault/vault.h"

struct search_request {
	const struct url *vault;
	const char *machine; /* NULL: none */
	const char *kek;     /* NULL: the tags' */
	const struct guid *ids;
	size_t id_count;
	keyvault_accept *accept;
	void *context;
};

/* As keyvault_search() says. */
int search_vault(struct vault_client *client, const struct search_request *request,
		 size_t *ret_found, struct err *err);

/* One secret, without a search; -ENOKEY when it was not accepted. */
int search_single(struct vault_client *client, const struct object_id *id, const char *kek,
		  keyvault_accept *accept, void *context, struct err *err);

#endif
