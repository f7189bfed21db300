/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Azure Arc's agent gives tokens only to those who may read its key files (root and the group
 * himds): it answers 401 with `Basic realm=PATH`, and wants the content of that file. Anybody may
 * have sent the path, and the file is read and sent: so it may only be a key in the agent's
 * folder. Source: Microsoft's "Authenticate against Azure resources with Azure Arc-enabled
 * servers".
 */
#ifndef ADEFUSE_ENTRA_CREDENTIAL_ARC_H
#define ADEFUSE_ENTRA_CREDENTIAL_ARC_H

#include "base/err.h"
#include "base/secret.h"

#define ARC_KEY_FOLDER "/var/opt/azcmagent/tokens/"
#define ARC_AGENT      "/opt/azcmagent/bin/himds"

enum {
	ARC_KEY_MAX = 4096, /* bytes */
	ARC_PATH_MAX = 256,
};

/*
 * The path of a "Basic realm=..." header when it is FOLDER (with its closing slash) and NAME.key.
 * -EPERM with ERR_SIGNIN when it is any other path, -EPROTO with ERR_NETWORK when there is none.
 */
int arc_parse_realm(const char *header, const char *folder, char ret_path[ARC_PATH_MAX],
		    struct err *err);

/* The key at `path`: a regular file, no link. ERR_SIGNIN. */
int arc_read_key(const char *path, struct secret **ret_key, struct err *err);

#endif
