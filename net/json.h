/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON answers of services (RFC 8259), read through typed getters. The document may hold secrets:
 * the library (cJSON) allocates from memory that is wiped when it is freed.
 *
 * Refused besides what the library refuses: nesting deeper than JSON_DEPTH_MAX, raw control
 * characters and escaped NUL in strings (they would cut a C string short), anything after the
 * value, and a member that is given twice (two readers could see two answers).
 *
 * Getters return 0, -ENOENT when the member is missing or null, -EBADMSG when it has another type
 * or is given twice, -ERANGE for a number out of its range. They set no error text: only the
 * caller knows what a missing member means.
 *
 * Threads: a document belongs to one thread.
 */
#ifndef ADEFUSE_NET_JSON_H
#define ADEFUSE_NET_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/secret.h"

enum {
	JSON_DEPTH_MAX = 32
};

struct json;	   /* a document */
struct json_value; /* part of one; lives as long as it */

/* 0, -EBADMSG when it is not JSON within the limits, -ENOMEM. */
int json_parse(const char *text, size_t length, struct json **ret_json);

void json_free(struct json *json);
DEFINE_CLEANUP(struct json, json_free)

const struct json_value *json_root(const struct json *json);
bool json_is_object(const struct json_value *value);

/* The text lives as long as the document. */
int json_get_string(const struct json_value *object, const char *name, const char **ret_text);

/* Whole numbers in [min, max]; exact up to 2^53. */
int json_get_integer(const struct json_value *object, const char *name, int64_t min, int64_t max,
		     int64_t *ret_number);

/* The same of a value itself: an element of an array. -EBADMSG, -ERANGE. */
int json_to_integer(const struct json_value *value, int64_t min, int64_t max, int64_t *ret_number);

int json_get_bool(const struct json_value *object, const char *name, bool *ret_flag);
int json_get_object(const struct json_value *object, const char *name,
		    const struct json_value **ret_object);
int json_get_array(const struct json_value *object, const char *name,
		   const struct json_value **ret_array);

/* A string moved into locked memory; the document's own copy is wiped (it becomes empty). */
int json_take_secret(struct json *json, const struct json_value *object, const char *name,
		     struct secret **ret_secret);

/* Elements of an array (or members of an object) in turn; NULL at the end. */
const struct json_value *json_first(const struct json_value *array);
const struct json_value *json_next(const struct json_value *element);

#endif
