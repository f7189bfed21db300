/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hand a candidate to the caller of a search: its bytes to accept, or a preview. In the caller's
 * thread.
 */
#ifndef ADEFUSE_KEYVAULT_OFFER_H
#define ADEFUSE_KEYVAULT_OFFER_H

#include "keyvault/ade.h"
#include "keyvault/bek_fetch.h"
#include "keyvault/request.h"

/* To `accept`, whose result it returns; a BEK that serves though it has expired gets a warning. */
int offer_bek(const struct bek_fetch_result *fetched, const struct keyvault_request *request,
	      struct err *err);

/* To `preview`, whose result it returns; `id` as there. */
int offer_preview(const struct vault_secret *item, const struct guid *id,
		  const struct keyvault_request *request, struct err *err);

#endif
