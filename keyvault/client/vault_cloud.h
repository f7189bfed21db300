/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which hosts are vaults and managed HSMs, in which cloud, and which resource a token for them is
 * for. The suffixes and resources are those of Key Vault's documentation ("DNS suffixes for object
 * identifiers"). Pure.
 */
#ifndef ADEFUSE_KEYVAULT_CLIENT_VAULT_CLOUD_H
#define ADEFUSE_KEYVAULT_CLIENT_VAULT_CLOUD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "entra/identity/settings.h"
#include "net/url.h"

struct vault_cloud {
	enum entra_cloud id;
	const char *vault_suffix;
	const char *vault_resource;
	const char *hsm_suffix;
	const char *hsm_resource;
};

const struct vault_cloud *vault_cloud_get(enum entra_cloud cloud);

/*
 * The resource that a vault of this cloud (by suffix) must name in its challenge; NULL when the
 * host is none. The suffix is matched with its leading dot and exactly one label before it.
 */
const char *vault_cloud_resource(const struct vault_cloud *cloud, const struct url *url);

/* Whether it is a managed HSM's, of any cloud. */
bool vault_cloud_is_hsm(const struct url *url);

/* Whether `resource` is one of the two of this cloud. */
bool vault_cloud_has_resource(const struct vault_cloud *cloud, const char *resource);

/*
 * --vault: a vault's name, or its https URL (path empty or "/"; the host is not checked here).
 * -EINVAL with ERR_USAGE.
 */
int vault_cloud_parse(const struct vault_cloud *cloud, const char *vault, struct url **ret_url,
		      struct err *err);

/* The vault's name as az takes it: the first label of the host, in `name` of `size` bytes. */
void vault_cloud_vault_name(const struct url *vault, char *name, size_t size);

#endif
