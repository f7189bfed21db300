/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets of a vault: what is told about them, listings, and their values. */
#ifndef ADEFUSE_KEYVAULT_CLIENT_SECRET_H
#define ADEFUSE_KEYVAULT_CLIENT_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "keyvault/client/objectid.h"
#include "keyvault/client/vault.h"
#include "net/json.h"

/* About a secret, without its value. Texts are NULL when missing; none is trusted. */
struct secret_item {
	struct object_id *id; /* without version in a listing of secrets */
	bool enabled;
	int64_t created; /* seconds since 1970; 0 when missing */
	int64_t expires; /* the same; what has expired is given out all the same */
	char *content_type;
	char *file_name; /* tags as ADE writes them, from here on */
	char *algorithm;
	char *kek_url;
	char *machine_name;
	char *volume_letter;
};

void secret_item_free(struct secret_item *item);
DEFINE_CLEANUP(struct secret_item, secret_item_free)

/* Pure: an entry of a listing, or the answer to a get. -EBADMSG when it is not one of `vault`. */
int secret_item_parse(const struct json_value *object, const struct url *vault,
		      struct secret_item **ret_item);

/* May take the item (and leave NULL). Nonzero ends the listing with that error. */
typedef int secret_visit(void *context, struct secret_item **item, struct err *err);

/*
 * All secrets of the vault, or all versions of the one called `name`, in the vault's order, through
 * all pages. Links to the next page are followed only within the vault.
 */
int secret_list(struct vault_client *client, const struct url *vault, const char *name,
		secret_visit *visit, void *context, struct err *err);

/* Pure: a page of a listing. *ret_next is the link to the next page, NULL on the last. */
int secret_page_parse(const char *body, size_t size, const struct url *vault, secret_visit *visit,
		      void *context, struct url **ret_next, struct err *err);

/* The secret's value (text) and what is told about it; `id` with or without version. */
int secret_fetch(struct vault_client *client, const struct object_id *id,
		 struct secret_item **ret_item, struct secret **ret_value, struct err *err);

/* What comes before the same, or before the listing of its versions: see vault_prepare(). */
int secret_prepare(struct vault_client *client, const struct object_id *id, bool versions,
		   struct err *err);

/* Pure: the answer to a get. */
int secret_answer_parse(const char *body, size_t size, const struct object_id *asked,
			struct secret_item **ret_item, struct secret **ret_value, struct err *err);

#endif
