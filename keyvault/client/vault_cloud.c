/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Table of vaults in the clouds; see vault_cloud.h. */
#include "keyvault/client/vault_cloud.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct vault_cloud clouds[ENTRA_CLOUD_COUNT] = {
	[ENTRA_CLOUD_PUBLIC] =
		{
			.id = ENTRA_CLOUD_PUBLIC,
			.vault_suffix = ".vault.azure.net",
			.vault_resource = "https://vault.azure.net",
			.hsm_suffix = ".managedhsm.azure.net",
			.hsm_resource = "https://managedhsm.azure.net",
		},
	[ENTRA_CLOUD_CHINA] =
		{
			.id = ENTRA_CLOUD_CHINA,
			.vault_suffix = ".vault.azure.cn",
			.vault_resource = "https://vault.azure.cn",
			.hsm_suffix = ".managedhsm.azure.cn",
			.hsm_resource = "https://managedhsm.azure.cn",
		},
	[ENTRA_CLOUD_USGOV] =
		{
			.id = ENTRA_CLOUD_USGOV,
			.vault_suffix = ".vault.usgovcloudapi.net",
			.vault_resource = "https://vault.usgovcloudapi.net",
			.hsm_suffix = ".managedhsm.usgovcloudapi.net",
			.hsm_resource = "https://managedhsm.usgovcloudapi.net",
		},
};

enum {
	VAULT_NAME_MIN = 3,
	VAULT_NAME_MAX = 24,
};

const struct vault_cloud *vault_cloud_get(enum entra_cloud cloud)
{
	return &clouds[cloud];
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

const char *vault_cloud_resource(const struct vault_cloud *cloud, const struct url *url)
{
	if (url->ipv6 || url->port != 443)
		return NULL;
	if (is_below(url->host, cloud->vault_suffix))
		return cloud->vault_resource;
	if (is_below(url->host, cloud->hsm_suffix))
		return cloud->hsm_resource;
	return NULL;
}

bool vault_cloud_is_hsm(const struct url *url)
{
	for (unsigned int i = 0; i < ENTRA_CLOUD_COUNT; i++) {
		if (!url->ipv6 && is_below(url->host, clouds[i].hsm_suffix))
			return true;
	}
	return false;
}

bool vault_cloud_has_resource(const struct vault_cloud *cloud, const char *resource)
{
	return strcmp(resource, cloud->vault_resource) == 0 ||
	       strcmp(resource, cloud->hsm_resource) == 0;
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

int vault_cloud_parse(const struct vault_cloud *cloud, const char *vault, struct url **ret_url,
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

void vault_cloud_vault_name(const struct url *vault, char *name, size_t size)
{
	size_t label = strcspn(vault->host, ".");

	/* An address has no name. */
	if (vault->ipv6 || strspn(vault->host, "0123456789.") == strlen(vault->host))
		label = strlen(vault->host);
	(void)snprintf(name, size, "%.*s", (int)label, vault->host);
}
