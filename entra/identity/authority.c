/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The authority's URL; see authority.h. */
#include "entra/identity/authority.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const authorities[ENTRA_CLOUD_COUNT] = {
	[ENTRA_CLOUD_PUBLIC] = "login.microsoftonline.com",
	[ENTRA_CLOUD_CHINA] = "login.chinacloudapi.cn",
	[ENTRA_CLOUD_USGOV] = "login.microsoftonline.us",
};

int authority_find(enum entra_cloud cloud, struct url **ret_url, struct err *err)
{
	struct url *url CLEANUP(url_free) = NULL;
	const char *given = getenv("AZURE_AUTHORITY_HOST");
	const char *host = given && *given ? given : authorities[cloud];
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
