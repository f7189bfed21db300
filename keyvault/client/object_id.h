/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identifiers of what a vault holds: https://VAULT/secrets/NAME[/VERSION],
 * https://VAULT/keys/NAME[/VERSION] (Key Vault's documentation, "Object identifiers"). They come
 * from the user, from tags and from answers, and become paths of requests: so only the characters
 * that the service allows pass. Pure.
 */
#ifndef ADEFUSE_KEYVAULT_CLIENT_OBJECT_ID_H
#define ADEFUSE_KEYVAULT_CLIENT_OBJECT_ID_H

#include "base/cleanup.h"
#include "base/err.h"
#include "net/url.h"

enum {
	OBJECT_NAME_MAX = 127,
	OBJECT_VERSION_MAX = 64, /* 32 hexadecimal digits are usual */
};

struct object_id {
	struct url *vault;
	char name[OBJECT_NAME_MAX + 1];
	char version[OBJECT_VERSION_MAX + 1]; /* empty: the current one */
};

/* `collection` is "secrets" or "keys". -EINVAL with ERR_USAGE. */
int object_id_parse(const char *text, const char *collection, struct object_id **ret_id,
		    struct err *err);

/* From parts; `version` may be NULL. -EINVAL with ERR_USAGE when the name is not one. */
int object_id_make(const struct url *vault, const char *name, const char *version,
		   struct object_id **ret_id, struct err *err);

void object_id_free(struct object_id *id);
DEFINE_CLEANUP(struct object_id, object_id_free)

/* The URL; malloc'ed, NULL when out of memory. */
char *object_id_format(const struct object_id *id, const char *collection);

/* "NAME" or "NAME/VERSION"; in `text` of OBJECT_TEXT_SIZE bytes. */
enum {
	OBJECT_TEXT_SIZE = OBJECT_NAME_MAX + OBJECT_VERSION_MAX + 2
};
const char *object_id_text(const struct object_id *id, char *text);

#endif
