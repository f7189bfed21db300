/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom a token may be sent to, and which one. A host is a vault's only by the cloud's suffix or
 * because the user named it. Pure.
 */
#ifndef ADEFUSE_KEYVAULT_CLIENT_VAULT_TRUST_H
#define ADEFUSE_KEYVAULT_CLIENT_VAULT_TRUST_H

#include "base/err.h"
#include "entra/identity/challenge.h"
#include "keyvault/client/vault_cloud.h"
#include "net/url.h"

struct vault_trust {
	const struct vault_cloud *cloud;
	/* Named by the user: host or host:port, NULL-terminated; or NULL. The caller's. */
	const char *const *hosts;
};

/* Whether each of the user's hosts is one. -EINVAL with ERR_USAGE: it could never match. */
int vault_trust_check_hosts(const struct vault_trust *trust, struct err *err);

/* 0, or -EPERM with ERR_VAULT and a hint when the host may be sent nothing. */
int vault_trust_check(const struct vault_trust *trust, const struct url *url, struct err *err);

/*
 * Whether a token for the challenge's resource may be sent to this vault (whose host has passed
 * vault_trust_check()). A vault known by its suffix must name the resource of that suffix. A host
 * that the user trusts may name a vault resource of the selected cloud, or, as private clouds do,
 * one whose host is a parent domain of its own and begins with "vault." or "managedhsm.". Nothing
 * else, least of all the resource of another service. -EPERM with ERR_SIGNIN.
 */
int vault_trust_check_challenge(const struct vault_trust *trust, const struct challenge *challenge,
				const struct url *vault, struct err *err);

#endif
