/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listing and getting secrets; see vault_secret.h. */
#include "keyvault/client/vault_secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"

enum {
	PAGES_MAX = 20000,     /* a vault gives 25 secrets a page */
	ITEMS_MAX = 500000,    /* in all pages together */
	ITEM_TEXT_MAX = 2048,  /* a content type or tag; the service allows 256 */
	CREATED_MAX_SHIFT = 40 /* seconds: far beyond any date */
};

void vault_secret_free(struct vault_secret *item)
{
	if (!item)
		return;
	object_id_free(item->id);
	free(item->content_type);
	free(item->file_name);
	free(item->algorithm);
	free(item->kek_url);
	free(item->machine_name);
	free(item->volume_letter);
	free(item);
}

/* A text that is missing, of another type or far too long counts as not there. -ENOMEM. */
static int copy_text(const struct json_value *object, const char *name, char **ret_text)
{
	const char *text;

	if (json_get_string(object, name, &text) != 0 || strlen(text) > ITEM_TEXT_MAX || !*text)
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int copy_tags(const struct json_value *object, struct vault_secret *item)
{
	const struct json_value *tags;
	int result;

	if (json_get_object(object, "tags", &tags) != 0)
		return 0;
	result = copy_text(tags, "DiskEncryptionKeyFileName", &item->file_name);
	if (result == 0)
		result = copy_text(tags, "DiskEncryptionKeyEncryptionAlgorithm", &item->algorithm);
	if (result == 0)
		result = copy_text(tags, "DiskEncryptionKeyEncryptionKeyURL", &item->kek_url);
	if (result == 0)
		result = copy_text(tags, "MachineName", &item->machine_name);
	if (result == 0)
		result = copy_text(tags, "VolumeLetter", &item->volume_letter);
	return result;
}

static int fill_item(struct vault_secret *item, const struct json_value *object,
		     const struct url *vault)
{
	const struct json_value *attributes;
	const char *id;
	int result;

	if (json_get_string(object, "id", &id) != 0)
		return -EBADMSG;
	result = object_id_parse(id, "secrets", &item->id, NULL);
	if (result != 0)
		return result == -ENOMEM ? result : -EBADMSG;
	if (!url_same_origin(item->id->vault, vault))
		return -EBADMSG;
	item->enabled = true;
	if (json_get_object(object, "attributes", &attributes) == 0) {
		if (json_get_bool(attributes, "enabled", &item->enabled) == -EBADMSG)
			return -EBADMSG;
		(void)json_get_integer(attributes, "created", 0, INT64_C(1) << CREATED_MAX_SHIFT,
				       &item->created);
		(void)json_get_integer(attributes, "exp", 0, INT64_C(1) << CREATED_MAX_SHIFT,
				       &item->expires);
	}
	result = copy_text(object, "contentType", &item->content_type);
	return result == 0 ? copy_tags(object, item) : result;
}

int vault_secret_parse(const struct json_value *object, const struct url *vault,
		       struct vault_secret **ret_item)
{
	struct vault_secret *item CLEANUP(vault_secret_free) = calloc(1, sizeof(*item));
	int result;

	if (!item)
		return -ENOMEM;
	result = fill_item(item, object, vault);
	if (result == 0)
		*ret_item = TAKE(item);
	return result;
}

static int parse_next(const struct json_value *root, const struct url *vault, struct url **ret_next,
		      struct err *err)
{
	struct url *next CLEANUP(url_free) = NULL;
	const char *link;
	int result = json_get_string(root, "nextLink", &link);

	*ret_next = NULL;
	if (result == -ENOENT || (result == 0 && !*link))
		return 0;
	if (result != 0)
		return refusal_not_understood(vault, "its link to the next page is not a text",
					      err);
	if (url_parse(link, &next, NULL) != 0)
		return refusal_not_understood(vault, "its link to the next page is malformed", err);
	if (!url_same_origin(next, vault) || strncasecmp(next->path, "/secrets", 8) != 0)
		return refusal_not_understood(vault, "its link to the next page leads elsewhere",
					      err);
	*ret_next = TAKE(next);
	return 0;
}

static int visit_entries(const struct json_value *entries, const struct url *vault,
			 vault_secret_visit *visit, void *context, struct err *err)
{
	const struct json_value *entry;
	unsigned int bad = 0;
	int result = 0;

	for (entry = json_first(entries); entry && result == 0; entry = json_next(entry)) {
		struct vault_secret *item CLEANUP(vault_secret_free) = NULL;

		result = vault_secret_parse(entry, vault, &item);
		if (result == -EBADMSG) {
			bad++;
			result = 0;
			continue;
		}
		result = result == 0 ? visit(context, &item, err) : err_nomem(err);
	}
	if (bad > 0)
		log_warning("'%s' lists %u entries that are not its own secrets; skipped",
			    vault->host, bad);
	return result;
}

int vault_secret_page_parse(const char *body, size_t size, const struct url *vault,
			    vault_secret_visit *visit, void *context, struct url **ret_next,
			    struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	const struct json_value *entries;
	int result = json_parse(body, size, &json);

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return refusal_not_understood(vault, "it is not JSON", err);
	result = json_get_array(json_root(json), "value", &entries);
	if (result != 0)
		return refusal_not_understood(vault, "it is not a list of secrets", err);
	result = visit_entries(entries, vault, visit, context, err);
	return result == 0 ? parse_next(json_root(json), vault, ret_next, err) : result;
}

struct counter {
	vault_secret_visit *visit;
	void *context;
	const struct url *vault;
	unsigned int items;
};

static int count_item(void *context, struct vault_secret **item, struct err *err)
{
	struct counter *counter = context;

	if (++counter->items > ITEMS_MAX)
		return refusal_not_understood(counter->vault, "its list of secrets does not end",
					      err);
	return counter->visit(counter->context, item, err);
}

static struct url *first_page(const struct url *vault, const char *name)
{
	char path[OBJECT_NAME_MAX + 32];

	(void)snprintf(path, sizeof(path), name ? "/secrets/%s/versions" : "/secrets", name);
	return url_at(vault, path, VAULT_QUERY);
}

static bool same_page(const struct url *a, const struct url *b)
{
	return strcmp(a->path, b->path) == 0 && a->query && b->query &&
	       strcmp(a->query, b->query) == 0;
}

int vault_secret_list(struct vault_client *client, const struct url *vault, const char *name,
		      vault_secret_visit *visit, void *context, struct err *err)
{
	struct counter counter = {visit, context, vault, 0};
	struct url *page CLEANUP(url_free) = first_page(vault, name);
	struct url *mark CLEANUP(url_free) = NULL; /* an earlier page, at each power of two */
	struct vault_call call = {
		.method = "GET",
		.operation = name ? VAULT_LIST_VERSIONS : VAULT_LIST_SECRETS,
		.object = name,
	};

	if (!page)
		return err_nomem(err);
	for (unsigned int pages = 1; page; pages++) {
		struct secret *body CLEANUP(secret_free) = NULL;
		struct url *next = NULL;
		int result;

		if (pages > PAGES_MAX || (mark && same_page(mark, page)))
			return refusal_not_understood(vault, "its pages go round in circles", err);
		call.url = page;
		result = vault_call(client, &call, &body, err);
		if (result == 0)
			result = vault_secret_page_parse(secret_text(body), secret_size(body),
							 vault, count_item, &counter, &next, err);
		if (result != 0)
			return result;
		if ((pages & (pages - 1)) == 0) {
			url_free(mark);
			mark = TAKE(page);
		}
		url_free(page);
		page = next;
	}
	log_debug("'%s' lists %u secrets", vault->host, counter.items);
	return 0;
}

int vault_secret_answer_parse(const char *body, size_t size, const struct object_id *asked,
			      struct vault_secret **ret_item, struct secret **ret_value,
			      struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct vault_secret *item CLEANUP(vault_secret_free) = NULL;
	int result = json_parse(body, size, &json);

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return refusal_not_understood(asked->vault, "it is not JSON", err);
	result = vault_secret_parse(json_root(json), asked->vault, &item);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0 || strcasecmp(item->id->name, asked->name) != 0 ||
	    (asked->version[0] && strcasecmp(item->id->version, asked->version) != 0))
		return refusal_not_understood(asked->vault, "it is not the secret asked for", err);
	result = json_take_secret(json, json_root(json), "value", ret_value);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return refusal_not_understood(asked->vault, "the secret has no value", err);
	*ret_item = TAKE(item);
	return 0;
}

/* `text` of OBJECT_TEXT_SIZE bytes is for the call's `object`. */
static int make_get(const struct object_id *id, char *text, struct url **ret_url,
		    struct vault_call *ret_call, struct err *err)
{
	char path[OBJECT_TEXT_SIZE + 16];

	(void)snprintf(path, sizeof(path), "/secrets/%s", object_id_text(id, text));
	*ret_url = url_at(id->vault, path, VAULT_QUERY);
	if (!*ret_url)
		return err_nomem(err);
	*ret_call = (struct vault_call){
		.method = "GET",
		.url = *ret_url,
		.operation = VAULT_GET_SECRET,
		.object = text,
	};
	return 0;
}

int vault_secret_fetch(struct vault_client *client, const struct object_id *id,
		       struct vault_secret **ret_item, struct secret **ret_value, struct err *err)
{
	struct secret *body CLEANUP(secret_free) = NULL;
	struct url *url CLEANUP(url_free) = NULL;
	char text[OBJECT_TEXT_SIZE];
	struct vault_call call;
	int result = make_get(id, text, &url, &call, err);

	if (result == 0)
		result = vault_call(client, &call, &body, err);
	if (result != 0)
		return result;
	return vault_secret_answer_parse(secret_text(body), secret_size(body), id, ret_item,
					 ret_value, err);
}

int vault_secret_prepare(struct vault_client *client, const struct object_id *id, bool versions,
			 struct err *err)
{
	struct url *url CLEANUP(url_free) = NULL;
	char text[OBJECT_TEXT_SIZE];
	struct vault_call call = {
		.method = "GET",
		.operation = VAULT_LIST_VERSIONS,
		.object = id->name,
	};
	int result = 0;

	if (versions)
		call.url = url = first_page(id->vault, id->name);
	else
		result = make_get(id, text, &url, &call, err);
	if (result == 0 && !call.url)
		result = err_nomem(err);
	return result == 0 ? vault_prepare(client, &call, err) : result;
}
