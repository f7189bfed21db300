/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing and writing of secret and key URLs; see object_id.h. */
#include "keyvault/client/object_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

static bool copy_word(const char *text, size_t length, char *out, size_t max)
{
	if (length == 0 || length > max)
		return false;
	memcpy(out, text, length);
	out[length] = '\0';
	return strspn(out, letters) == length;
}

static int fill(struct object_id *id, const struct url *vault, const char *name,
		const char *version, struct err *err)
{
	id->vault = url_at(vault, "/", NULL);
	if (!id->vault)
		return err_nomem(err);
	if (!copy_word(name, strlen(name), id->name, OBJECT_NAME_MAX))
		return err_set(err, ERR_USAGE, EINVAL,
			       "'%s' is not a name: it may have letters, digits and dashes only",
			       name);
	if (version && *version &&
	    !copy_word(version, strlen(version), id->version, OBJECT_VERSION_MAX))
		return err_set(err, ERR_USAGE, EINVAL,
			       "'%s' is not a version: it may have letters and digits only",
			       version);
	return 0;
}

int object_id_make(const struct url *vault, const char *name, const char *version,
		   struct object_id **ret_id, struct err *err)
{
	struct object_id *id CLEANUP(object_id_free) = calloc(1, sizeof(*id));
	int result;

	if (!id)
		return err_nomem(err);
	result = fill(id, vault, name, version, err);
	if (result == 0)
		*ret_id = TAKE(id);
	return result;
}

/* "/secrets/NAME[/[VERSION]]" */
static bool take_path(const char *path, const char *collection, struct object_id *id)
{
	size_t length = strlen(collection);

	if (strncasecmp(path + 1, collection, length) != 0 || path[1 + length] != '/')
		return false;
	path += length + 2;
	length = strcspn(path, "/");
	if (!copy_word(path, length, id->name, OBJECT_NAME_MAX))
		return false;
	path += length;
	if (*path == '/')
		path++;
	return *path == '\0' || copy_word(path, strlen(path), id->version, OBJECT_VERSION_MAX);
}

int object_id_parse(const char *text, const char *collection, struct object_id **ret_id,
		    struct err *err)
{
	struct object_id found = {0};
	struct url *url CLEANUP(url_free) = NULL;
	int result = url_parse(text, &url, err);

	if (result != 0)
		return result;
	if (!url->query && take_path(url->path, collection, &found))
		return object_id_make(url, found.name, found.version, ret_id, err);
	result = err_set(err, ERR_USAGE, EINVAL, "not the URL of one of a vault's %s", collection);
	err_hint(err, "it looks like https://VAULT.vault.azure.net/%s/NAME/VERSION", collection);
	return result;
}

void object_id_free(struct object_id *id)
{
	if (!id)
		return;
	url_free(id->vault);
	free(id);
}

char *object_id_format(const struct object_id *id, const char *collection)
{
	char *origin CLEANUP(free) = url_origin(id->vault);
	char *text;

	if (!origin || asprintf(&text, "%s/%s/%s%s%s", origin, collection, id->name,
				id->version[0] ? "/" : "", id->version) < 0)
		return NULL;
	return text;
}

const char *object_id_text(const struct object_id *id, char *text)
{
	(void)snprintf(text, OBJECT_TEXT_SIZE, "%s%s%s", id->name, id->version[0] ? "/" : "",
		       id->version);
	return text;
}
