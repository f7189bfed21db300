/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: a secret or key as people paste it, a vault's URL or the portal's page of one. What
 * is found survives being written and read again, and its name and version are no more than names.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "keyvault/portal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static bool is_plain_name(const char *name)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";

	return name[0] && strspn(name, allowed) == strlen(name);
}

static void try_text(const char *text, const char *collection)
{
	struct object_id *id CLEANUP(object_id_free) = NULL;
	struct object_id *again CLEANUP(object_id_free) = NULL;
	struct object_id *direct CLEANUP(object_id_free) = NULL;
	char *written CLEANUP(free) = NULL;
	struct err err = {0};

	if (portal_object_parse(text, collection, &id, &err) < 0) {
		check(!id && err.message[0]);
		return;
	}
	check(is_plain_name(id->name));
	check(!id->version[0] || is_plain_name(id->version));
	written = object_id_format(id, collection);
	check(written && object_id_parse(written, collection, &again, NULL) == 0);
	check(url_same_origin(id->vault, again->vault));
	check(strcmp(id->name, again->name) == 0 && strcmp(id->version, again->version) == 0);
	/* what is a vault's URL by itself is the same with the portal in mind */
	if (object_id_parse(text, collection, &direct, NULL) == 0)
		check(url_same_origin(id->vault, direct->vault) &&
		      strcmp(id->name, direct->name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret *text CLEANUP(secret_free) = secret_copy(data, size);

	if (!text)
		return 0;
	try_text(secret_text(text), "secrets");
	try_text(secret_text(text), "keys");
	return 0;
}
