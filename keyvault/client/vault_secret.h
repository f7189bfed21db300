/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets of a vault: their attributes, listings, and their values (Key Vault's REST API, "Get
 * Secrets", "Get Secret Versions", "Get Secret"). Threads: as the client.
 */
#ifndef ADEFUSE_KEYVAULT_CLIENT_VAULT_SECRET_H
#define ADEFUSE_KEYVAULT_CLIENT_VAULT_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "keyvault/client/object_id.h"
#include "keyvault/client/vault.h"
#include "net/json.h"

/* About a secret, without its value. Texts are NULL when missing; none is trusted. */
struct vault_secret {
	struct object_id *id; /* without version in a listing of secrets */
	bool enabled;
	int64_t created; /* seconds since 1970; 0 when missing */
	int64_t expires; /* the same; the vault returns expired secrets, too */
	char *content_type;
	char *file_name; /* tags as ADE writes them, from here on */
	char *algorithm;
	char *kek_url;
	char *machine_name;
	char *volume_letter;
};

void vault_secret_free(struct vault_secret *item);
DEFINE_CLEANUP(struct vault_secret, vault_secret_free)

/* Pure: an entry of a listing, or the answer to a get. -EBADMSG when it is not one of `vault`. */
int vault_secret_parse(const struct json_value *object, const struct url *vault,
		       struct vault_secret **ret_item);

/* May take the item (and leave NULL). Nonzero ends the listing with that error. */
typedef int vault_secret_visit(void *context, struct vault_secret **item, struct err *err);

/*
 * All secrets of the vault, or all versions of the one called `name`, in the vault's order, through
 * all pages. Links to the next page are followed only within the vault.
 */
int vault_secret_list(struct vault_client *client, const struct url *vault, const char *name,
		      vault_secret_visit *visit, void *context, struct err *err);

/* Pure: a page of a listing. *ret_next is the link to the next page, NULL on the last. */
int vault_secret_page_parse(const char *body, size_t size, const struct url *vault,
			    vault_secret_visit *visit, void *context, struct url **ret_next,
			    struct err *err);

/* The secret's value (text) and attributes; `id` with or without version. */
int vault_secret_fetch(struct vault_client *client, const struct object_id *id,
		       struct vault_secret **ret_item, struct secret **ret_value, struct err *err);

/* What comes before the same, or before the listing of its versions: see vault_prepare(). */
int vault_secret_prepare(struct vault_client *client, const struct object_id *id, bool versions,
			 struct err *err);

/* Pure: the answer to a get. */
int vault_secret_answer_parse(const char *body, size_t size, const struct object_id *asked,
			      struct vault_secret **ret_item, struct secret **ret_value,
			      struct err *err);

#endif
