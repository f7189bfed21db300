/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `adefuse info` prints: text for people, JSON for scripts. No secret is in either. */
#ifndef ADEFUSE_CLI_REPORT_H
#define ADEFUSE_CLI_REPORT_H

#include <stdio.h>

#include "open/opened.h"

/* Options that open a protector of this type, for people; NULL when only Windows on its own machine
 * can. */
const char *report_opens_with(uint16_t protector_type);

/* How much of the volume is ciphertext, per cent, as far as known. */
double report_percent(const struct bde_info *info);

void report_text(const struct opened_disk *disk, FILE *out);

/*
 * The same as JSON (the schema is in adefuse(1), its number in "schema_version"). `mounted` adds
 * which file of the mount serves each volume. A malloc'ed text; NULL when out of memory.
 */
char *report_json(const struct opened_disk *disk, bool mounted);

/*
 * Several disks in one document: "disks", an array of what report_json() has for each, or "path"
 * and "error" of one that cannot be read. To be closed by json_write_end() and json_write_finish().
 * NULL when out of memory.
 */
struct json_writer;
struct json_writer *report_disks_new(void);
void report_disks_add(struct json_writer *json, const struct opened_disk *disk);
void report_disks_fail(struct json_writer *json, const char *path, const struct err *err);

#endif
