/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The WWW-Authenticate header with which a vault says whom to ask for a token (RFC 9110, 11.6.1):
 *
 *   Bearer authorization="https://HOST/TENANT", resource="https://vault.azure.net"
 *
 * It is a stranger's word. Only the tenant is taken from `authorization`; its host is never
 * contacted. The resource decides what the token that we then send opens, so it must be a vault's.
 */
#ifndef ADEFUSE_ENTRA_CHALLENGE_H
#define ADEFUSE_ENTRA_CHALLENGE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "entra/cloud.h"

struct challenge {
	char *tenant;	/* syntax checked: goes into a URL path and an argument */
	char *resource; /* https URL without a trailing slash; the scope is this and "/.default" */
};

/* Pure. -EPROTO with ERR_NETWORK when there is no usable Bearer challenge, -ENOMEM. */
int challenge_parse(const char *header, struct challenge **ret_challenge, struct err *err);

void challenge_free(struct challenge *challenge);
DEFINE_CLEANUP(struct challenge, challenge_free)

/*
 * Whether a token for the challenge's resource may be sent to this vault (whose host has passed
 * trust_check()). A vault known by its suffix must name the resource of that suffix. A host that
 * the user trusts may name a vault resource of the selected cloud, or, as private clouds do, one
 * whose host is a parent domain of its own and begins with "vault." or "managedhsm.". Nothing else,
 * least of all the resource of another service. -EPERM with ERR_SIGNIN.
 */
int challenge_check(const struct challenge *challenge, const struct vault_trust *trust,
		    const struct url *vault, struct err *err);

/* 0-9 a-z A-Z - . and at most 128 of them, a letter or digit first. */
bool tenant_ok(const char *tenant);

#endif
