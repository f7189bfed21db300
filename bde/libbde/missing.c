/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands in for bde/libbde/libbde.c in a build without libbde: refuses, and says why. */
#include "bde/libbde/libbde.h"

#include <errno.h>
#include <stddef.h>

const char *bde_libbde_version(void)
{
	return NULL;
}

int bde_libbde_open(struct source *below, const struct bde_metadata *metadata,
		    const struct bde_key *key, struct notes *warnings, struct source **ret_plain,
		    struct err *err)
{
	(void)below, (void)metadata, (void)key, (void)warnings, (void)ret_plain;
	err_set(err, ERR_DISK, ENOTSUP, "this build of adefuse has no libbde");
	err_hint(err, "build it with the packages libbde-dev and libbfio-dev, or use --engine own");
	return -ENOTSUP;
}
