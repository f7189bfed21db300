/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who a token is for. */
#ifndef ADEFUSE_ENTRA_IDENTITY_AUDIENCE_H
#define ADEFUSE_ENTRA_IDENTITY_AUDIENCE_H

struct entra_audience {
	const char *tenant;   /* whose token; tenant_is_valid() */
	const char *resource; /* https URL without a trailing slash, "https://vault.azure.net" */
};

#endif
