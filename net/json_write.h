/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing JSON: values are added in order to the object or array that is open. A failure on the
 * way (no memory, nesting too deep) is remembered, and json_write_finish() then gives NULL:
 * callers need not check every step. Threads: a writer belongs to one thread.
 */
#ifndef ADEFUSE_NET_JSON_WRITE_H
#define ADEFUSE_NET_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

struct json_writer;

/* Starts with the root object open. NULL when out of memory. */
struct json_writer *json_write_new(void);

/*
 * `name` is NULL within an array. A NULL text becomes null. Control characters and what is not
 * UTF-8, as a path may hold, become '?': the document is always valid.
 */
void json_write_text(struct json_writer *writer, const char *name, const char *text);
void json_write_number(struct json_writer *writer, const char *name, uint64_t number);
void json_write_bool(struct json_writer *writer, const char *name, bool flag);

/* Open an object or array within; json_write_end() closes the innermost. */
void json_write_object(struct json_writer *writer, const char *name);
void json_write_array(struct json_writer *writer, const char *name);
void json_write_end(struct json_writer *writer);

/* The document as indented text with a closing line end, malloc'ed; NULL when a step failed. Frees
 * the writer. */
char *json_write_finish(struct json_writer *writer);

#endif
