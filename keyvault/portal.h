/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets and keys as people paste them: a vault's URL, or the Azure portal's page of one, which
 * carries that URL after a '#', as it is or percent-encoded:
 *
 *   https://portal.azure.com/#@TENANT/asset/Microsoft_Azure_KeyVault/Secret/https://V.vault.azure.net/secrets/NAME/VERSION
 *   https://portal.azure.com/#view/.../objectId/https%3A%2F%2FV.vault.azure.net%2Fsecrets%2FNAME/...
 *
 * The portal is never contacted; the URL found within is checked as any other.
 */
#ifndef ADEFUSE_KEYVAULT_PORTAL_H
#define ADEFUSE_KEYVAULT_PORTAL_H

#include "keyvault/client/object_id.h"

/* As object_id_parse(), and takes portal pages too. Pure. */
int portal_object_parse(const char *text, const char *collection, struct object_id **ret_id,
			struct err *err);

#endif
