/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The certificate authorities that are trusted, as one PEM text: the system's bundle (or the file
 * that SSL_CERT_FILE names instead) and a file of the user's.
 */
#ifndef ADEFUSE_NET_CAFILE_H
#define ADEFUSE_NET_CAFILE_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

enum {
	CAFILE_MAX = 8 << 20 /* a file; the usual bundle has 0.2 MiB */
};

struct cafile {
	char *pem;
	size_t size;
};

/*
 * Append the PEM file at `path`; `what` names it in messages ("--ca-file"). -EINVAL with ERR_USAGE
 * when it cannot be read or holds no certificate.
 */
int cafile_append(struct cafile *cafile, const char *path, const char *what, struct err *err);

void cafile_clear(struct cafile *cafile);
DEFINE_CLEAR(struct cafile, cafile_clear)

#endif
