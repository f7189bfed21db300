/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that are read from a SRC: passwords, VMK and FVEK. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "open/secret_source.h"
#include "open/way.h"

struct kind {
	int (*make)(const struct secret *text, const char *what, struct bde_key **ret_key,
		    struct err *err);
	const char *what;
	enum open_key_kind kind;
	bool whole; /* every byte counts: the key may be binary */
};

static const struct kind kinds[] = {
	{bde_key_from_recovery_password, "recovery password", OPEN_KEY_RECOVERY_PASSWORD, false},
	{bde_key_from_password, "password", OPEN_KEY_PASSWORD, false},
	{bde_key_from_vmk, "VMK", OPEN_KEY_VMK, true},
	{bde_key_from_fvek, "FVEK", OPEN_KEY_FVEK, true},
};

static const struct kind *find_kind(enum open_key_kind kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].kind == kind)
			return &kinds[i];
	}
	return NULL;
}

bool open_key_reads_once(const struct open_key *key)
{
	return find_kind(key->kind) && strncmp(key->value, "file:", 5) != 0;
}

int way_secret(struct attempt *attempt, const struct open_key *given, struct err *err)
{
	const struct kind *kind = find_kind(given->kind);
	struct secret *text CLEANUP(secret_free) = NULL;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	char what[32];
	int result;

	if (!kind)
		return err_set(err, ERR_OTHER, EINVAL, "a kind of key that no SRC gives");
	result = secret_source_read(given->value, kind->what, kind->whole,
				    &attempt->request->caller, &text, err);
	if (result < 0)
		return result;
	(void)snprintf(what, sizeof(what), "the %s", kind->what);
	result = kind->make(text, what, &key, err);
	if (result == 0)
		(void)attempt_try_key(attempt, key, NULL, NULL);
	return result;
}
