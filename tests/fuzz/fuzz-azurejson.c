/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON of --azure-json, and what it names: every URL goes the way that --secret and --kek go.
 */
#include <stdint.h>
#include <string.h>

#include "keyvault/azure_keys.h"
#include "keyvault/portal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_url(const char *text, const char *collection)
{
	struct object_id *id CLEANUP(object_id_free) = NULL;
	char *again CLEANUP(free) = NULL;
	struct object_id *same CLEANUP(object_id_free) = NULL;

	if (portal_object_parse(text, collection, &id, NULL) != 0)
		return;
	again = object_id_format(id, collection);
	if (!again || object_id_parse(again, collection, &same, NULL) != 0 ||
	    strcmp(same->name, id->name) != 0 || !url_same_origin(same->vault, id->vault))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct azure_keys keys CLEANUP(azure_keys_clear) = {0};
	struct err err;
	int result = azure_keys_parse((const char *)data, size, &keys, &err);

	if (result == 0 && keys.count == 0)
		abort();
	for (size_t i = 0; result == 0 && i < keys.count; i++) {
		parse_url(keys.list[i].secret_url, "secrets");
		if (keys.list[i].kek_url)
			parse_url(keys.list[i].kek_url, "keys");
	}
	return 0;
}
