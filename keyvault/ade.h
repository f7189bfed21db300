/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How Azure Disk Encryption marks its secrets, and which of them are tried for a disk, in which
 * order.
 *
 *   name                                 a GUID in upper case: the protector's identifier
 *   contentType                          "BEK" or "Wrapped BEK"
 *   DiskEncryptionKeyFileName            "<GUID>.BEK"
 *   DiskEncryptionKeyEncryptionKeyURL    the KEK with its version; only when wrapped
 *   DiskEncryptionKeyEncryptionAlgorithm "RSA-OAEP" and others; can be there without a KEK too
 *   MachineName, VolumeLetter            of the VM; compared without case
 *
 * Any of them may be missing. A BEK's value is base64 of the file; a wrapped one's is base64url of
 * the RSA ciphertext of the file.
 */
#ifndef ADEFUSE_KEYVAULT_ADE_H
#define ADEFUSE_KEYVAULT_ADE_H

#include <stddef.h>

#include "base/text/guid.h"
#include "keyvault/client/vault_secret.h"

enum ade_match {
	ADE_BY_NAME,
	ADE_BY_FILE_NAME,
	ADE_BY_MACHINE,
};

enum {
	ADE_CANDIDATES_MAX = 4096
};

struct ade_candidate {
	struct vault_secret *item;
	enum ade_match match;
	size_t wanted; /* index of the identifier; the count of them when by machine */
	size_t rank;   /* by machine: how many newer usable ones the same drive letter has */
	char tried[OBJECT_VERSION_MAX + 1]; /* version that was got for it; empty when none was */
};

struct ade_candidates {
	const struct guid *ids; /* the caller's */
	size_t id_count;
	const char *machine; /* NULL: none */
	int64_t now;	     /* seconds since 1970; 0: nothing counts as expired */
	struct ade_candidate *list;
	size_t count;
};

/* Takes the item when it is a candidate. 0, -ENOMEM, -E2BIG. */
int ade_consider(struct ade_candidates *candidates, struct vault_secret **item);

/* Takes the item, whatever it is. -ENOMEM, -E2BIG. */
int ade_add(struct ade_candidates *candidates, struct vault_secret **item, enum ade_match match,
	    size_t wanted);

/*
 * By identifier; what has expired last; then by kind of match, newest first, then by name so that
 * the order is fixed. By machine the newest of each drive letter comes first: each of the
 * machine's volumes uses that one now.
 */
void ade_sort(struct ade_candidates *candidates);

bool ade_has_expired(const struct vault_secret *item, int64_t now);

/*
 * Why a secret that carries the machine's name is not a BEK: "has no BEK's content type", "is the
 * pass phrase of a Linux disk"; NULL when it is another machine's, or is a BEK. Static.
 */
const char *ade_foreign(const struct vault_secret *item, const char *machine);

void ade_candidates_clear(struct ade_candidates *candidates);
DEFINE_CLEAR(struct ade_candidates, ade_candidates_clear)

/*
 * Whether the value has to be unwrapped: the tags name a KEK, or the content type says so; the
 * algorithm tag says nothing about it. When neither says anything, a KEK named by the user
 * decides.
 */
bool ade_is_wrapped(const struct vault_secret *item, bool kek_given);

#endif
