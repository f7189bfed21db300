/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The WWW-Authenticate header with which a service says whom to ask for a token (RFC 9110, 11.6.1;
 * Key Vault's documentation, "Authentication, requests and responses"):
 *
 *   Bearer authorization="https://HOST/TENANT", resource="https://vault.azure.net"
 *
 * Anybody may have sent it. Only the tenant is taken from `authorization`; its host is never
 * contacted. The resource decides what the token that we then send opens: the caller checks it.
 */
#ifndef ADEFUSE_ENTRA_IDENTITY_CHALLENGE_H
#define ADEFUSE_ENTRA_IDENTITY_CHALLENGE_H

#include "base/cleanup.h"
#include "base/err.h"

struct challenge {
	char *tenant;	/* tenant_is_valid() */
	char *resource; /* https URL without a trailing slash; the scope is this and "/.default" */
};

/* Pure. -EPROTO with ERR_NETWORK when there is no usable Bearer challenge, -ENOMEM. */
int challenge_parse(const char *header, struct challenge **ret_challenge, struct err *err);

void challenge_free(struct challenge *challenge);
DEFINE_CLEANUP(struct challenge, challenge_free)

#endif
