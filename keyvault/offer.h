/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the caller of a search is told of a candidate: bytes to accept, or a preview of them. */
#ifndef ADEFUSE_KEYVAULT_OFFER_H
#define ADEFUSE_KEYVAULT_OFFER_H

#include "keyvault/ade.h"
#include "keyvault/bek_fetch.h"
#include "keyvault/request.h"

/* To `accept`, whose result it is; that it has expired is said when it serves. */
int offer_bek(const struct bek_fetched *fetched, const struct keyvault_request *request,
	      struct err *err);

/* To `preview`, whose result it is; `id` as there. */
int offer_preview(const struct vault_secret *item, const struct guid *id,
		  const struct keyvault_request *request, struct err *err);

#endif
