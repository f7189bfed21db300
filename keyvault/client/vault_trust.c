/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of hosts and challenges; see vault_trust.h. */
#include "keyvault/client/vault_trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "keyvault/client/vault_cloud.h"

/* "HOST[:PORT]", by the same parser as URLs: both mean the same by a host. */
static bool parse_host(const char *host, struct url **ret_url)
{
	char text[300];
	int length = snprintf(text, sizeof(text), "https://%s", host);

	return length >= 0 && (size_t)length < sizeof(text) && !strpbrk(host, "/?") &&
	       url_parse(text, ret_url, NULL) == 0;
}

int vault_trust_check_hosts(const struct vault_trust *trust, struct err *err)
{
	for (const char *const *host = trust->hosts; host && *host; host++) {
		struct url *url CLEANUP(url_free) = NULL;
		int result;

		if (parse_host(*host, &url))
			continue;
		result = err_set(err, ERR_USAGE, EINVAL, "--trust-vault-host '%s' is not a host",
				 *host);
		err_hint(err, "give a host name or address, with :PORT if need be");
		return result;
	}
	return 0;
}

static bool names_host(const char *trusted, const struct url *url)
{
	struct url *parsed CLEANUP(url_free) = NULL;
	bool with_port;

	if (!parse_host(trusted, &parsed))
		return false;
	with_port = parsed->ipv6 ? strstr(trusted, "]:") != NULL : strchr(trusted, ':') != NULL;
	return parsed->ipv6 == url->ipv6 && strcmp(parsed->host, url->host) == 0 &&
	       (!with_port || parsed->port == url->port);
}

/* Whether the user named this host with --trust-vault-host. */
static bool is_named(const struct vault_trust *trust, const struct url *url)
{
	for (const char *const *host = trust->hosts; host && *host; host++) {
		if (names_host(*host, url))
			return true;
	}
	return false;
}

/*
 * The zone that a private endpoint's name is in. Nobody has a certificate for it, and a vault does
 * not answer to it: its own name is an alias that leads there from within the network.
 */
static bool is_private_link(const struct url *url)
{
	return !url->ipv6 && (strstr(url->host, ".privatelink.vaultcore.") ||
			      strstr(url->host, ".privatelink.managedhsm."));
}

int vault_trust_check(const struct vault_trust *trust, const struct url *url, struct err *err)
{
	bool hsm = strstr(url->host, ".privatelink.managedhsm.") != NULL;
	int result;

	if (vault_cloud_resource(trust->cloud, url) || is_named(trust, url))
		return 0;
	result = err_set(err, ERR_VAULT, EPERM,
			 "'%s' port %u is not a Key Vault of the %s cloud; nothing is sent to it",
			 url->host, url->port, entra_cloud_name(trust->cloud->id));
	if (is_private_link(url)) {
		err_hint(
			err,
			"use the vault's own name, %.*s%s: within the network of its private endpoint "
			"it leads there",
			(int)strcspn(url->host, "."), url->host,
			hsm ? trust->cloud->hsm_suffix : trust->cloud->vault_suffix);
		return result;
	}
	for (unsigned int i = 0; i < ENTRA_CLOUD_COUNT; i++) {
		enum entra_cloud other = (enum entra_cloud)i;

		if (vault_cloud_resource(vault_cloud_get(other), url)) {
			err_hint(err, "it belongs to another cloud: --cloud %s",
				 entra_cloud_name(other));
			return result;
		}
	}
	err_hint(err,
		 "vaults are called NAME%s; if this one is a private cloud's and you trust it, "
		 "give --trust-vault-host %s",
		 trust->cloud->vault_suffix, url->host);
	return result;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* A private cloud's: https://vault.DOMAIN for https://NAME.vault.DOMAIN. */
static bool parent_vault_resource(const char *resource, const struct url *vault)
{
	struct url *url CLEANUP(url_free) = NULL;
	char dotted[300];

	if (url_parse(resource, &url, NULL) != 0 || url->ipv6 || url->port != 443)
		return false;
	if (strncmp(url->host, "vault.", 6) != 0 && strncmp(url->host, "managedhsm.", 11) != 0)
		return false;
	(void)snprintf(dotted, sizeof(dotted), ".%s", url->host);
	return ends_with(vault->host, dotted) && vault->host[0] != '.';
}

int vault_trust_check_challenge(const struct vault_trust *trust, const struct challenge *challenge,
				const struct url *vault, struct err *err)
{
	const char *expected = vault_cloud_resource(trust->cloud, vault);
	bool fits;
	int result;

	if (expected)
		fits = strcmp(challenge->resource, expected) == 0;
	else
		fits = is_named(trust, vault) &&
		       (vault_cloud_has_resource(trust->cloud, challenge->resource) ||
			parent_vault_resource(challenge->resource, vault));
	if (fits)
		return 0;
	result = err_set(err, ERR_SIGNIN, EPERM,
			 "'%s' asks for a token for '%s', which is not a vault's; none is sent",
			 vault->host, challenge->resource);
	err_hint(
		err,
		"check that this is the right host: a token for another service must not go to it");
	return result;
}
