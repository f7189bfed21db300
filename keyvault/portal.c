/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault URL within a portal page's URL; see portal.h. */
#include "keyvault/portal.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
	VERSION_LENGTH = 32, /* hexadecimal digits; another word after a name is the page's own */
	DECODINGS_MAX = 2    /* a page's URL that was itself put into a URL */
};

static const char scheme[] = "https://";

/* The host, not what looks like one before an '@' or after the first slash. */
static bool is_portal(const char *text)
{
	static const char *const hosts[] = {"portal.azure.com", "portal.azure.cn",
					    "portal.azure.us"};
	size_t length;

	if (strncasecmp(text, scheme, sizeof(scheme) - 1) != 0)
		return false;
	text += sizeof(scheme) - 1;
	length = strcspn(text, "/?#");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t size = strlen(hosts[i]);

		if (length < size || strncasecmp(text + length - size, hosts[i], size) != 0)
			continue;
		if (length == size || text[length - size - 1] == '.')
			return true;
	}
	return false;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c | 0x20) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* In place; what is not %XX stays, and so does an encoded NUL, which would cut the text short. */
static void percent_decode(char *text)
{
	char *out = text;

	while (*text) {
		int high = *text == '%' ? hex_value(text[1]) : -1;
		int low = high >= 0 ? hex_value(text[2]) : -1;

		if (low >= 0 && (high || low)) {
			*out++ = (char)(high << 4 | low);
			text += 3;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static bool is_version(const char *word, size_t length)
{
	return length == VERSION_LENGTH && strspn(word, "0123456789abcdefABCDEF") >= length;
}

/* https://HOST/COLLECTION/NAME[/VERSION] at the start of `text`, which is cut off after it. */
static bool cut_object(char *text, const char *collection)
{
	char *p = text + sizeof(scheme) - 1;
	size_t length;

	p += strcspn(p, "/?#&");
	if (*p != '/' || strncasecmp(p + 1, collection, strlen(collection)) != 0)
		return false;
	p += 1 + strlen(collection);
	length = *p == '/' ? strcspn(p + 1, "/?#&") : 0;
	if (length == 0)
		return false;
	p += 1 + length;
	length = *p == '/' ? strcspn(p + 1, "/?#&") : 0;
	if (length > 0 && is_version(p + 1, length))
		p += 1 + length;
	*p = '\0';
	return true;
}

/* The first URL of an object of the collection within; NULL when there is none. Malloc'ed. */
static int find_embedded(const char *text, const char *collection, char **ret_url)
{
	char *copy CLEANUP(free) = strdup(text + sizeof(scheme) - 1);

	if (!copy)
		return -ENOMEM;
	for (int decoded = 0; decoded <= DECODINGS_MAX; decoded++) {
		for (const char *at = strcasestr(copy, scheme); at;
		     at = strcasestr(at + 1, scheme)) {
			char *url = strdup(at);

			if (!url)
				return -ENOMEM;
			if (cut_object(url, collection)) {
				*ret_url = url;
				return 0;
			}
			free(url);
		}
		percent_decode(copy);
	}
	return -ENOENT;
}

int portal_object_parse(const char *text, const char *collection, struct object_id **ret_id,
			struct err *err)
{
	char *url CLEANUP(free) = NULL;
	int result;

	if (!is_portal(text) || strnlen(text, URL_TEXT_MAX + 1) > URL_TEXT_MAX)
		return object_id_parse(text, collection, ret_id, err);
	result = find_embedded(text, collection, &url);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result == 0)
		return object_id_parse(url, collection, ret_id, err);
	result = err_set(err, ERR_USAGE, EINVAL,
			 "this page of the Azure portal names none of a vault's %s", collection);
	err_hint(err,
		 "open the page of one version and copy its identifier, which looks like "
		 "https://VAULT.vault.azure.net/%s/NAME/VERSION",
		 collection);
	return result;
}
