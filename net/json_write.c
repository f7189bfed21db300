/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing JSON with cJSON; see json_write.h. */
#include "net/json_write.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"

enum {
	DEPTH_MAX = 16
};

struct json_writer {
	cJSON *open[DEPTH_MAX]; /* from the root to the innermost */
	unsigned int depth;
	bool failed;
};

struct json_writer *json_write_new(void)
{
	struct json_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->open[0] = cJSON_CreateObject();
	if (!writer->open[0]) {
		free(writer);
		return NULL;
	}
	return writer;
}

/* Put an item into what is open; takes it over. */
static bool add(struct json_writer *writer, const char *name, cJSON *item)
{
	cJSON *parent = writer->open[writer->depth];

	if (item &&
	    (name ? cJSON_AddItemToObject(parent, name, item) : cJSON_AddItemToArray(parent, item)))
		return true;
	cJSON_Delete(item);
	writer->failed = true;
	return false;
}

void json_write_text(struct json_writer *writer, const char *name, const char *text)
{
	char *safe CLEANUP(free) = text ? strdup(text) : NULL;

	if (!text) {
		(void)add(writer, name, cJSON_CreateNull());
		return;
	}
	if (safe)
		err_sanitise(safe);
	(void)add(writer, name, safe ? cJSON_CreateString(safe) : NULL);
}

void json_write_number(struct json_writer *writer, const char *name, uint64_t number)
{
	char digits[24];

	/* as digits, because the library's doubles are exact to 2^53 only */
	(void)snprintf(digits, sizeof(digits), "%" PRIu64, number);
	(void)add(writer, name, cJSON_CreateRaw(digits));
}

void json_write_bool(struct json_writer *writer, const char *name, bool flag)
{
	(void)add(writer, name, cJSON_CreateBool(flag));
}

static void descend(struct json_writer *writer, const char *name, cJSON *item)
{
	if (writer->depth + 1 >= DEPTH_MAX) {
		cJSON_Delete(item);
		writer->failed = true;
		return;
	}
	if (add(writer, name, item))
		writer->open[++writer->depth] = item;
}

void json_write_object(struct json_writer *writer, const char *name)
{
	descend(writer, name, cJSON_CreateObject());
}

void json_write_array(struct json_writer *writer, const char *name)
{
	descend(writer, name, cJSON_CreateArray());
}

void json_write_end(struct json_writer *writer)
{
	if (writer->depth > 0)
		writer->depth--;
}

char *json_write_finish(struct json_writer *writer)
{
	char *text = writer->failed ? NULL : cJSON_Print(writer->open[0]);
	char *lined = NULL;

	if (text && asprintf(&lined, "%s\n", text) < 0)
		lined = NULL;
	cJSON_free(text);
	cJSON_Delete(writer->open[0]);
	free(writer);
	return lined;
}
