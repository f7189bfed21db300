/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encryption settings in az's JSON; see azure_keys.h. */
#include "keyvault/azure_keys.h"

#include <errno.h>
#include <string.h>

#include "net/json.h"
#include "net/url.h"

void azure_keys_clear(struct azure_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		free(keys->list[i].secret_url);
		free(keys->list[i].kek_url);
	}
	*keys = (struct azure_keys){0};
}

/* `outer`.`inner` in az's spelling or PowerShell's. -ENOENT when it is not a text that can be a
 * URL. */
static int get_url(const struct json_value *object, const char *const outer[2],
		   const char *const inner[2], const char **ret_text)
{
	for (int spelling = 0; spelling < 2; spelling++) {
		const struct json_value *found;

		if (json_get_object(object, outer[spelling], &found) == 0 &&
		    json_get_string(found, inner[spelling], ret_text) == 0 && **ret_text &&
		    strlen(*ret_text) <= URL_TEXT_MAX)
			return 0;
	}
	return -ENOENT;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_known(const struct azure_keys *keys, const char *secret, const char *kek)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (same_text(keys->list[i].secret_url, secret) &&
		    same_text(keys->list[i].kek_url, kek))
			return true;
	}
	return false;
}

static int add_key(struct azure_keys *keys, const char *secret, const char *kek, struct err *err)
{
	struct azure_key *key = &keys->list[keys->count];
	int result;

	if (is_known(keys, secret, kek))
		return 0;
	if (keys->count == AZURE_KEYS_MAX) {
		result = err_set(err, ERR_USAGE, EINVAL, "it names more than %d keys",
				 AZURE_KEYS_MAX);
		err_hint(err, "give the JSON of one disk or VM");
		return result;
	}
	*key = (struct azure_key){.secret_url = strdup(secret),
				  .kek_url = kek ? strdup(kek) : NULL};
	keys->count++;
	return key->secret_url && (!kek || key->kek_url) ? 0 : err_nomem(err);
}

/* The JSON reader has bounded the depth. */
static int walk(const struct json_value *value, struct azure_keys *keys, struct err *err)
{
	static const char *const disk_key[] = {"diskEncryptionKey", "DiskEncryptionKey"};
	static const char *const secret_url[] = {"secretUrl", "SecretUrl"};
	static const char *const kek[] = {"keyEncryptionKey", "KeyEncryptionKey"};
	static const char *const key_url[] = {"keyUrl", "KeyUrl"};
	const char *secret = NULL;
	const char *wrapper = NULL;
	int result = 0;

	if (json_is_object(value) && get_url(value, disk_key, secret_url, &secret) == 0) {
		if (get_url(value, kek, key_url, &wrapper) != 0)
			wrapper = NULL;
		result = add_key(keys, secret, wrapper, err);
	}
	for (const struct json_value *part = json_first(value); part && result == 0;
	     part = json_next(part))
		result = walk(part, keys, err);
	return result;
}

static int not_json(const char *text, size_t length, struct err *err)
{
	bool utf16 = length >= 2 &&
		     (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0 ||
		      ((text[0] == '{' || text[0] == '[') && !text[1]));
	int result = err_set(err, ERR_USAGE, EINVAL, "it is not JSON%s",
			     utf16 ? ": it looks like UTF-16" : "");

	if (utf16)
		err_hint(err, "Windows PowerShell writes that with '>'; iconv -f UTF-16 -t UTF-8 "
			      "FILE converts it");
	else
		err_hint(err, "az disk show -g GROUP -n DISK -o json > FILE");
	return result;
}

int azure_keys_parse(const char *text, size_t length, struct azure_keys *keys, struct err *err)
{
	struct json *json CLEANUP(json_free) = NULL;
	int result;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* UTF-8's mark */
		text += 3;
		length -= 3;
	}
	result = json_parse(text, length, &json);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0)
		return not_json(text, length, err);
	result = walk(json_root(json), keys, err);
	if (result != 0 || keys->count > 0)
		return result;
	result = err_set(err, ERR_USAGE, EINVAL, "it names no secret of Azure Disk Encryption");
	err_hint(err,
		 "a disk has them in az disk show (encryptionSettingsCollection), a VM that was "
		 "encrypted with an Entra application in az vm show; a disk without them is "
		 "not encrypted by Azure Disk Encryption");
	return result;
}
