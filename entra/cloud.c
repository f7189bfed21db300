/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Table of clouds, and checks of hosts against it; see cloud.h. */
#include "entra/cloud.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct cloud clouds[] = {
	[KEYVAULT_CLOUD_PUBLIC] =
		{
			.name = "public",
			.authority = "login.microsoftonline.com",
			.vault_suffix = ".vault.azure.net",
			.vault_resource = "https://vault.azure.net",
			.hsm_suffix = ".managedhsm.azure.net",
			.hsm_resource = "https://managedhsm.azure.net",
		},
	[KEYVAULT_CLOUD_CHINA] =
		{
			.name = "china",
			.authority = "login.chinacloudapi.cn",
			.vault_suffix = ".vault.azure.cn",
			.vault_resource = "https://vault.azure.cn",
			.hsm_suffix = ".managedhsm.azure.cn",
			.hsm_resource = "https://managedhsm.azure.cn",
		},
	[KEYVAULT_CLOUD_USGOV] =
		{
			.name = "usgov",
			.authority = "login.microsoftonline.us",
			.vault_suffix = ".vault.usgovcloudapi.net",
			.vault_resource = "https://vault.usgovcloudapi.net",
			.hsm_suffix = ".managedhsm.usgovcloudapi.net",
			.hsm_resource = "https://managedhsm.usgovcloudapi.net",
		},
};

enum {
	CLOUD_COUNT = sizeof(clouds) / sizeof(clouds[0]),
	VAULT_NAME_MIN = 3,
	VAULT_NAME_MAX = 24,
};

const struct cloud *cloud_get(enum keyvault_cloud cloud)
{
	return &clouds[cloud];
}

bool keyvault_cloud_parse(const char *name, enum keyvault_cloud *ret_cloud)
{
	for (unsigned int i = 0; i < CLOUD_COUNT; i++) {
		if (strcmp(name, clouds[i].name) == 0) {
			*ret_cloud = (enum keyvault_cloud)i;
			return true;
		}
	}
	return false;
}

/* "name.suffix" with one non-empty label before the suffix. */
static bool is_below(const char *host, const char *suffix)
{
	size_t host_length = strlen(host);
	size_t suffix_length = strlen(suffix);
	size_t label;

	if (host_length <= suffix_length)
		return false;
	label = host_length - suffix_length;
	return strcmp(host + label, suffix) == 0 && !memchr(host, '.', label);
}

const char *cloud_resource_of(const struct cloud *cloud, const struct url *url)
{
	if (url->ipv6 || url->port != 443)
		return NULL;
	if (is_below(url->host, cloud->vault_suffix))
		return cloud->vault_resource;
	if (is_below(url->host, cloud->hsm_suffix))
		return cloud->hsm_resource;
	return NULL;
}

bool cloud_is_hsm(const struct url *url)
{
	for (unsigned int i = 0; i < CLOUD_COUNT; i++) {
		if (!url->ipv6 && is_below(url->host, clouds[i].hsm_suffix))
			return true;
	}
	return false;
}

bool cloud_has_resource(const struct cloud *cloud, const char *resource)
{
	return strcmp(resource, cloud->vault_resource) == 0 ||
	       strcmp(resource, cloud->hsm_resource) == 0;
}

/* Both sides go through the same parser: no second notion of what a host is. */
static bool names_host(const char *trusted, const struct url *url)
{
	struct url *parsed CLEANUP(url_free) = NULL;
	char text[300];
	int length = snprintf(text, sizeof(text), "https://%s", trusted);
	bool with_port;

	if (length < 0 || (size_t)length >= sizeof(text) || strpbrk(trusted, "/?"))
		return false;
	if (url_parse(text, &parsed, NULL) != 0)
		return false;
	with_port = parsed->ipv6 ? strstr(trusted, "]:") != NULL : strchr(trusted, ':') != NULL;
	return parsed->ipv6 == url->ipv6 && strcmp(parsed->host, url->host) == 0 &&
	       (!with_port || parsed->port == url->port);
}

bool trust_is_named(const struct vault_trust *trust, const struct url *url)
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

int trust_check(const struct vault_trust *trust, const struct url *url, struct err *err)
{
	bool hsm = strstr(url->host, ".privatelink.managedhsm.") != NULL;
	int result;

	if (cloud_resource_of(trust->cloud, url) || trust_is_named(trust, url))
		return 0;
	result = err_set(err, ERR_VAULT, EPERM,
			 "'%s' port %u is not a Key Vault of the %s cloud; nothing is sent to it",
			 url->host, url->port, trust->cloud->name);
	if (is_private_link(url)) {
		err_hint(
			err,
			"a private endpoint is reached by the vault's own name, %.*s%s: within its "
			"network that leads there",
			(int)strcspn(url->host, "."), url->host,
			hsm ? trust->cloud->hsm_suffix : trust->cloud->vault_suffix);
		return result;
	}
	for (unsigned int i = 0; i < CLOUD_COUNT; i++) {
		if (cloud_resource_of(&clouds[i], url)) {
			err_hint(err, "it belongs to another cloud: --cloud %s", clouds[i].name);
			return result;
		}
	}
	err_hint(err,
		 "vaults are called NAME%s; if this one is a private cloud's and you trust it, "
		 "say --trust-vault-host %s",
		 trust->cloud->vault_suffix, url->host);
	return result;
}

/* A vault's name: letters, digits and dashes, a letter first. */
static bool vault_name_ok(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t length = strlen(name);

	return length >= VAULT_NAME_MIN && length <= VAULT_NAME_MAX &&
	       strspn(name, allowed) == length && name[0] != '-' && name[length - 1] != '-' &&
	       !(name[0] >= '0' && name[0] <= '9');
}

int cloud_parse_vault(const struct cloud *cloud, const char *vault, struct url **ret_url,
		      struct err *err)
{
	struct url *url CLEANUP(url_free) = NULL;
	char text[128];
	int result;

	if (vault_name_ok(vault)) {
		(void)snprintf(text, sizeof(text), "https://%s%s", vault, cloud->vault_suffix);
		return url_parse(text, ret_url, err);
	}
	if (strncasecmp(vault, "https:", 6) != 0) {
		result = err_set(err, ERR_USAGE, EINVAL,
				 "'%s' is neither a vault's name nor an https URL", vault);
		err_hint(err,
			 "a name has 3 to 24 letters, digits and dashes; a URL looks like "
			 "https://NAME%s",
			 cloud->vault_suffix);
		return result;
	}
	result = url_parse(vault, &url, err);
	if (result != 0) {
		err_prefix(err, "vault '%s'", vault);
		return result;
	}
	if (strcmp(url->path, "/") != 0 || url->query) {
		result = err_set(err, ERR_USAGE, EINVAL, "'%s' is more than a vault's URL", vault);
		err_hint(err, "give the URL of a secret with --secret");
		return result;
	}
	*ret_url = TAKE(url);
	return 0;
}

void cloud_vault_name(const struct url *vault, char *name, size_t size)
{
	size_t label = strcspn(vault->host, ".");

	/* An address has no name. */
	if (vault->ipv6 || strspn(vault->host, "0123456789.") == strlen(vault->host))
		label = strlen(vault->host);
	(void)snprintf(name, size, "%.*s", (int)label, vault->host);
}

int cloud_authority(const struct cloud *cloud, struct url **ret_url, struct err *err)
{
	struct url *url CLEANUP(url_free) = NULL;
	const char *given = getenv("AZURE_AUTHORITY_HOST");
	const char *host = given && *given ? given : cloud->authority;
	char text[512];
	int length;
	int result;

	length = snprintf(text, sizeof(text), "%s%s", strstr(host, "://") ? "" : "https://", host);
	if (length < 0 || (size_t)length >= sizeof(text))
		return err_set(err, ERR_USAGE, EINVAL, "AZURE_AUTHORITY_HOST is too long");
	result = url_parse(text, &url, err);
	if (result != 0) {
		err_prefix(err, "AZURE_AUTHORITY_HOST");
		return result;
	}
	if (strcmp(url->path, "/") != 0 || url->query)
		return err_set(err, ERR_USAGE, EINVAL,
			       "AZURE_AUTHORITY_HOST must be a host, without a path");
	*ret_url = TAKE(url);
	return 0;
}
