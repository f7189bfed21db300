/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tenants of Entra ID: an identifier (GUID) or a domain name. Pure but for the environment. */
#ifndef ADEFUSE_ENTRA_IDENTITY_TENANT_H
#define ADEFUSE_ENTRA_IDENTITY_TENANT_H

#include <stdbool.h>

#include "base/err.h"

/*
 * 0-9 a-z A-Z - . and at most 128 of them, a letter or digit first: what can go into a URL's path
 * and a program's argument as it is.
 */
bool tenant_is_valid(const char *tenant);

/* The same; -EINVAL with ERR_USAGE. NULL is valid: not given. */
int tenant_check(const char *tenant, struct err *err);

/*
 * The tenant to sign in to when a token of `wanted` is needed. `configured` (NULL: none) must be
 * the same, unless AZURE_ADDITIONALLY_ALLOWED_TENANTS lists `wanted`. A configured domain name
 * cannot be compared with an identifier and is used as it is; a service refuses a token of a wrong
 * tenant. The result is one of the two arguments. -EPERM with ERR_SIGNIN.
 */
int tenant_choose(const char *configured, const char *wanted, const char **ret_tenant,
		  struct err *err);

#endif
