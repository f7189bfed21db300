/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Look through a vault for the BEKs of a disk. Threads: the caller's, which uses the client alone.
 */
#ifndef ADEFUSE_KEYVAULT_SEARCH_H
#define ADEFUSE_KEYVAULT_SEARCH_H

#include "keyvault/client/object_id.h"
#include "keyvault/client/vault.h"
#include "keyvault/request.h"

/* As keyvault_search() says; of the request, `vault` is not looked at. */
int search_vault(struct vault_client *client, const struct url *vault,
		 const struct keyvault_request *request, size_t *ret_found, struct err *err);

/* One secret, without a search; -ENOKEY when it was not accepted. */
int search_single(struct vault_client *client, const struct object_id *id,
		  const struct keyvault_request *request, struct err *err);

#endif
