/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a search is asked for, and how its caller hears of what it finds.
 *
 * The texts belong to whoever fills the struct. The functions are called in the thread that
 * searches.
 */
#ifndef ADEFUSE_KEYVAULT_REQUEST_H
#define ADEFUSE_KEYVAULT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/text/guid.h"

/* Where a BEK came from, for messages, info.json and `adefuse key`. No secret among it. */
struct keyvault_origin {
	const char *secret_url; /* with version */
	const char *name;	/* of the secret */
	const char *version;
	const char *content_type;  /* NULL when missing */
	const char *file_name;	   /* tag DiskEncryptionKeyFileName, NULL when missing */
	const char *machine_name;  /* tag MachineName, NULL when missing */
	const char *volume_letter; /* tag VolumeLetter, NULL when missing */
	int64_t created;	   /* seconds since 1970; 0 when missing */
	int64_t expires;	   /* the same */
	const char *kek_url;	   /* with version; NULL when it was not wrapped */
	const char *algorithm;	   /* that unwrapped it; NULL when it was not wrapped */
};

/*
 * What to do with a candidate's bytes: 0 take it (the search for this identifier ends), -ENOKEY it
 * is not the one (err says why; the search goes on), anything else ends the search with that error.
 */
typedef int keyvault_accept(void *context, const struct secret *bek,
			    const struct keyvault_origin *origin, struct err *err);

/* Whether a BEK for this identifier can still be of use: its volume may have been opened by now. */
typedef bool keyvault_wanted(void *context, const struct guid *id);

/*
 * A candidate that would be fetched, in the order of trial. `id` is the identifier it was found
 * for, NULL when by machine or named by the user. 0 goes on, anything else ends the search with it.
 */
typedef int keyvault_preview(void *context, const struct guid *id,
			     const struct keyvault_origin *origin, struct err *err);

/* Texts are the caller's; NULL: not given. */
struct keyvault_request {
	const char *vault; /* a name or https URL */
	const char *vm;
	const char *kek; /* a key's name in the secret's vault, or its URL. Without a version it
			    means the tag's version when the tag names a key of that name, else the
			    current one. */
	const struct guid *ids;
	size_t id_count;
	keyvault_accept *accept;
	keyvault_wanted *wanted;   /* NULL: until one is accepted */
	keyvault_preview *preview; /* when set no value is fetched and no key used; `accept` is not
				      called */
	void *context;		   /* of the three */
	const char *option;	   /* what a secret was named by, for messages; NULL: --secret */
};

#endif
