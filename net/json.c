/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed getters over cJSON; see json.h. */
#include "net/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Doubles are exact up to here. */
#define EXACT_MAX 9007199254740992.0

struct json {
	cJSON *root;
};

static void wipe_on_free(void)
{
	cJSON_Hooks hooks = {malloc, secret_heap_free};

	cJSON_InitHooks(&hooks);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skip a string from after its opening quote to after its closing one; NULL when it is refused. */
static const char *skip_string(const char *p, const char *end)
{
	while (p < end) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '"')
			return p + 1;
		if (*p != '\\') {
			p++;
			continue;
		}
		if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
			return NULL;
		if (end - p < 2)
			return NULL;
		p += 2;
	}
	return NULL;
}

/*
 * What the library does not check. Depth is limited here, before the library's recursion meets it.
 */
static bool shape_ok(const char *text, size_t length)
{
	const char *end = text + length;
	unsigned int depth = 0;

	for (const char *p = text; p < end;) {
		char c = *p++;

		if (c == '"') {
			p = skip_string(p, end);
			if (!p)
				return false;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if (c == '}' || c == ']') {
			if (depth-- == 0)
				return false;
		} else if ((unsigned char)c < 0x20 && !is_space(c)) {
			return false;
		}
	}
	return depth == 0;
}

/* The whole text as one value; NULL when it is none. */
static cJSON *parse_whole(const char *text, size_t length)
{
	const char *rest = NULL;
	cJSON *root = cJSON_ParseWithLengthOpts(text, length, &rest, false);

	if (!root)
		return NULL;
	while (rest < text + length && is_space(*rest))
		rest++;
	if (rest == text + length)
		return root;
	cJSON_Delete(root);
	return NULL;
}

int json_parse(const char *text, size_t length, struct json **ret_json)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct json *json;
	cJSON *root;

	pthread_once(&once, wipe_on_free);
	if (!shape_ok(text, length))
		return -EBADMSG;
	root = parse_whole(text, length);
	if (!root)
		return -EBADMSG;
	json = calloc(1, sizeof(*json));
	if (!json) {
		cJSON_Delete(root);
		return -ENOMEM;
	}
	json->root = root;
	*ret_json = json;
	return 0;
}

void json_free(struct json *json)
{
	if (!json)
		return;
	cJSON_Delete(json->root);
	free(json);
}

/* The library's type under our name: both point to the same thing. */
static const struct json_value *from_cjson(const cJSON *item)
{
	return (const struct json_value *)item;
}

static const cJSON *to_cjson(const struct json_value *value)
{
	return (const cJSON *)value;
}

const struct json_value *json_root(const struct json *json)
{
	return from_cjson(json->root);
}

bool json_is_object(const struct json_value *value)
{
	return cJSON_IsObject(to_cjson(value));
}

static int find(const struct json_value *object, const char *name, const cJSON **ret_item)
{
	const cJSON *found = NULL;
	const cJSON *item;

	if (!cJSON_IsObject(to_cjson(object)))
		return -EBADMSG;
	cJSON_ArrayForEach(item, to_cjson(object))
	{
		if (!item->string || strcmp(item->string, name) != 0)
			continue;
		if (found)
			return -EBADMSG;
		found = item;
	}
	if (!found || cJSON_IsNull(found))
		return -ENOENT;
	*ret_item = found;
	return 0;
}

/* One of the library's checks of a type has to agree. */
static int find_typed(const struct json_value *object, const char *name,
		      cJSON_bool (*has_type)(const cJSON *), const cJSON **ret_item)
{
	const cJSON *item = NULL;
	int result = find(object, name, &item);

	if (result != 0)
		return result;
	if (!has_type(item))
		return -EBADMSG;
	*ret_item = item;
	return 0;
}

static cJSON_bool is_text(const cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring;
}

int json_get_string(const struct json_value *object, const char *name, const char **ret_text)
{
	const cJSON *item = NULL;
	int result = find_typed(object, name, is_text, &item);

	if (result == 0)
		*ret_text = item->valuestring;
	return result;
}

int json_to_integer(const struct json_value *value, int64_t min, int64_t max, int64_t *ret_number)
{
	double number;

	if (!cJSON_IsNumber(to_cjson(value)))
		return -EBADMSG;
	number = to_cjson(value)->valuedouble;
	if (!isfinite(number) || number > EXACT_MAX || number < -EXACT_MAX ||
	    number != trunc(number))
		return -ERANGE;
	if ((int64_t)number < min || (int64_t)number > max)
		return -ERANGE;
	*ret_number = (int64_t)number;
	return 0;
}

int json_get_integer(const struct json_value *object, const char *name, int64_t min, int64_t max,
		     int64_t *ret_number)
{
	const cJSON *item = NULL;
	int result = find(object, name, &item);

	return result != 0 ? result : json_to_integer(from_cjson(item), min, max, ret_number);
}

int json_get_bool(const struct json_value *object, const char *name, bool *ret_flag)
{
	const cJSON *item = NULL;
	int result = find_typed(object, name, cJSON_IsBool, &item);

	if (result == 0)
		*ret_flag = cJSON_IsTrue(item);
	return result;
}

int json_get_object(const struct json_value *object, const char *name,
		    const struct json_value **ret_object)
{
	const cJSON *item = NULL;
	int result = find_typed(object, name, cJSON_IsObject, &item);

	if (result == 0)
		*ret_object = from_cjson(item);
	return result;
}

int json_get_array(const struct json_value *object, const char *name,
		   const struct json_value **ret_array)
{
	const cJSON *item = NULL;
	int result = find_typed(object, name, cJSON_IsArray, &item);

	if (result == 0)
		*ret_array = from_cjson(item);
	return result;
}

int json_take_secret(struct json *json, const struct json_value *object, const char *name,
		     struct secret **ret_secret)
{
	const cJSON *item = NULL;
	int result = find_typed(object, name, is_text, &item);
	struct secret *secret;

	(void)json; /* in the signature because the document changes; the item is reached through
		       const only */
	if (result != 0)
		return result;
	secret = secret_copy(item->valuestring, strlen(item->valuestring));
	if (!secret)
		return -ENOMEM;
	secret_wipe(item->valuestring, strlen(item->valuestring));
	*ret_secret = secret;
	return 0;
}

const struct json_value *json_first(const struct json_value *array)
{
	return from_cjson(to_cjson(array)->child);
}

const struct json_value *json_next(const struct json_value *element)
{
	return from_cjson(to_cjson(element)->next);
}
