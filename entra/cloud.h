/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clouds: where tokens come from, which hosts are vaults, and which resource a token for them
 * is for. A host is a vault's only by the cloud's suffix or because the user named it.
 */
#ifndef ADEFUSE_ENTRA_CLOUD_H
#define ADEFUSE_ENTRA_CLOUD_H

#include <stdbool.h>

#include "base/err.h"
#include "keyvault/keyvault.h"
#include "net/url.h"

struct cloud {
	const char *name;
	const char *authority; /* host */
	const char *vault_suffix;
	const char *vault_resource;
	const char *hsm_suffix;
	const char *hsm_resource;
};

const struct cloud *cloud_get(enum keyvault_cloud cloud);

/* Whom a token may be sent to. */
struct vault_trust {
	const struct cloud *cloud;
	const char *const *hosts; /* named by the user: host or host:port, NULL-terminated; or NULL
				   */
};

/*
 * The resource that a vault of this cloud (by suffix) must name in its challenge; NULL when the
 * host is none. The suffix is matched with its leading dot and exactly one label before it.
 */
const char *cloud_resource_of(const struct cloud *cloud, const struct url *url);

/* Whether it is a managed HSM's, of any cloud. */
bool cloud_is_hsm(const struct url *url);

/* Whether `resource` is one of the two of this cloud. */
bool cloud_has_resource(const struct cloud *cloud, const char *resource);

/* Whether the user named this host with --trust-vault-host. */
bool trust_is_named(const struct vault_trust *trust, const struct url *url);

/* 0, or -EPERM with ERR_VAULT and a hint when the host may be sent nothing. */
int trust_check(const struct vault_trust *trust, const struct url *url, struct err *err);

/*
 * --vault: a vault's name, or its https URL (path empty or "/"; the host is not checked here).
 * -EINVAL with ERR_USAGE.
 */
int cloud_parse_vault(const struct cloud *cloud, const char *vault, struct url **ret_url,
		      struct err *err);

/* The vault's name as az takes it: the first label of the host, in `name` of `size` bytes. */
void cloud_vault_name(const struct url *vault, char *name, size_t size);

/*
 * Where tokens come from: AZURE_AUTHORITY_HOST (a host, or an https URL without a path) or the
 * cloud's. -EINVAL with ERR_USAGE.
 */
int cloud_authority(const struct cloud *cloud, struct url **ret_url, struct err *err);

#endif
