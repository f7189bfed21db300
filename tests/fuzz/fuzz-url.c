/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net/url: whatever is taken must survive being written and read again, with the same origin. */
#include <stdio.h>

#include "base/secret.h"
#include "keyvault/client/object_id.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool condition)
{
	if (!condition)
		abort();
}

static void check_object(const char *text, const char *collection)
{
	struct object_id *id CLEANUP(object_id_free) = NULL;
	struct object_id *again CLEANUP(object_id_free) = NULL;
	char *written CLEANUP(free) = NULL;

	if (object_id_parse(text, collection, &id, NULL) != 0)
		return;
	written = object_id_format(id, collection);
	need(written && object_id_parse(written, collection, &again, NULL) == 0);
	need(url_same_origin(id->vault, again->vault));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret *text CLEANUP(secret_free) = secret_copy(data, size);
	struct url *url CLEANUP(url_free) = NULL;
	struct url *again CLEANUP(url_free) = NULL;
	char *written CLEANUP(free) = NULL;

	if (!text)
		return 0;
	check_object(secret_text(text), "secrets");
	check_object(secret_text(text), "keys");
	if (url_parse(secret_text(text), &url, NULL) != 0)
		return 0;
	written = url_format(url);
	need(written && url->path[0] == '/' && url->port != 0);
	/* Near the cap the written form may be longer than what is taken. */
	if (url_parse(written, &again, NULL) == 0)
		need(url_same_origin(url, again));
	else
		need(size > URL_TEXT_MAX / 2);
	return 0;
}
