/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plaintext of a volume as libbde gives it: a second engine that shares no code with ours. It
 * unlocks by itself, with the user's key, and reads by itself; only the bytes of the encrypted
 * volume come from us. No file outside this folder knows libbde and libbfio.
 *
 * A build without libbde has these functions too (missing.c): they refuse, and say why.
 *
 * Threads: the source is thread-safe as every source is, but serves one read at a time: libbde
 * keeps a position and a cache, and takes a write lock in every read.
 *
 * Secrets: libbde keeps keys in its own heap memory, which is not locked, as long as the source
 * lives; version 20190102 never frees a startup key.
 */
#ifndef ADEFUSE_BDE_LIBBDE_LIBBDE_H
#define ADEFUSE_BDE_LIBBDE_LIBBDE_H

#include "bde/metadata.h"

/* The version of the library that is used: "20190102". NULL: this build has none. */
const char *bde_libbde_version(void);

/*
 * Open the volume on `below` (its own reference) with one key; `key` NULL: none, for a decrypted
 * volume. The metadata gives the size, so that the source is as long as our engine's. If libbde
 * thinks that the volume is shorter, reads past its end fail with EIO, and `warnings` says so.
 *
 * -ENOKEY (ERR_KEY): libbde does not unlock it with this key. -ENOTSUP (ERR_DISK): libbde cannot
 * open it (the message has its version and its own words), or would give wrong bytes, or this build
 * has no libbde. Another errno (ERR_DISK): the volume below cannot be read. libbde's words are left
 * out where it handles passwords.
 */
int bde_libbde_open(struct source *below, const struct bde_metadata *metadata,
		    const struct bde_key *key, struct notes *warnings, struct source **ret_plain,
		    struct err *err);

#endif
