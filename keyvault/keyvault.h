/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key Vault as the rest of the program sees it: get the BEK files that Azure Disk Encryption stored
 * for the given protectors. This folder does not know what a BEK holds: the caller's `accept`
 * decides.
 *
 * Threads: one thread uses a struct keyvault at a time. A search starts others, which ask for what
 * will be needed next (keyvault/ahead.h); they are gone when it returns. The request's functions
 * are called in the caller's thread.
 */
#ifndef ADEFUSE_KEYVAULT_KEYVAULT_H
#define ADEFUSE_KEYVAULT_KEYVAULT_H

#include "base/cleanup.h"
#include "entra/entra.h"
#include "keyvault/request.h"

struct keyvault;

/*
 * `entra` signs in. `trusted_hosts` are vaults too, besides the hosts below the cloud's suffixes
 * (host or host:port, NULL-terminated; may be NULL). Both are the caller's and outlive the
 * session. -EINVAL with ERR_USAGE when one of them is not a host.
 */
int keyvault_new(struct entra *entra, const char *const *trusted_hosts,
		 struct keyvault **ret_keyvault, struct err *err);
void keyvault_free(struct keyvault *keyvault);
DEFINE_CLEANUP(struct keyvault, keyvault_free)

/*
 * Look in the vault for secrets that carry one of the protector identifiers; with `vm`, besides,
 * all BEK secrets of that machine. First each identifier is asked for as the name of a secret,
 * which is how ADE names them: that takes one request each and no right to list. Only when
 * something is left the vault is listed, once, and secrets with the file name tag are tried, newest
 * first, older versions last. Each candidate is fetched, unwrapped if it is wrapped and handed to
 * `accept`. Secrets that are disabled or cannot be unwrapped are skipped with a warning as long as
 * another candidate serves; those past their expiry are tried last. 0 when every identifier was
 * accepted or nothing is left to try (*ret_found counts acceptances; 0 of them is no error here);
 * else the error that stopped it, or the last candidate's if all failed.
 */
int keyvault_search(struct keyvault *keyvault, const struct keyvault_request *request,
		    size_t *ret_found, struct err *err);

/*
 * One secret by URL (with or without version, or the Azure portal's page of it) or by name in the
 * request's vault (NULL when `secret` is a URL). The request's vm and identifiers are not used.
 * -ENOENT when the secret is not there, -ENXIO when it is and the key that wraps it is not (both
 * ERR_NOT_FOUND); -ENOKEY when it was not accepted.
 */
int keyvault_get(struct keyvault *keyvault, const struct keyvault_request *request,
		 const char *secret, struct err *err);

#endif
