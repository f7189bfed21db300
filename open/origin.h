/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a BEK came from, if from a vault: copies of what the vault said, safe to print. */
#ifndef ADEFUSE_OPEN_ORIGIN_H
#define ADEFUSE_OPEN_ORIGIN_H

#include <stdint.h>

struct keyvault_origin;

/* Texts are owned by the struct; NULL: not known, or not from a vault. */
struct open_origin {
	char *secret_url;
	char *name;
	char *version;
	int64_t created; /* seconds since 1970; 0: not known */
	char *content_type;
	char *machine_name;
	char *volume_letter;
	char *kek_url;	 /* NULL: not wrapped */
	char *algorithm; /* NULL: not wrapped */
};

/* A text that memory is lacking for is NULL in the copy. */
void open_origin_copy(const struct keyvault_origin *origin, struct open_origin *ret_origin);
void open_origin_clear(struct open_origin *origin);

#endif
