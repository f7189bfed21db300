/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The authority: the host that gives out tokens. It comes from the user's choice alone, never from
 * what a service says. The clouds' hosts are those of Microsoft's "national clouds" page.
 */
#ifndef ADEFUSE_ENTRA_IDENTITY_AUTHORITY_H
#define ADEFUSE_ENTRA_IDENTITY_AUTHORITY_H

#include "base/err.h"
#include "entra/identity/settings.h"
#include "net/url.h"

/*
 * AZURE_AUTHORITY_HOST (a host, or an https URL without a path) or the cloud's. -EINVAL with
 * ERR_USAGE.
 */
int authority_find(enum entra_cloud cloud, struct url **ret_url, struct err *err);

#endif
