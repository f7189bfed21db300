/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of the two engines opens a volume: our own (bde/), or libbde (bde/libbde/). Both give the
 * plaintext volume as a source.
 *
 * Ownership: the source holds its own reference to the volume; the protector that is returned
 * belongs to the metadata. Threads: a call belongs to one thread; sources are thread-safe.
 */
#ifndef ADEFUSE_OPEN_ENGINE_H
#define ADEFUSE_OPEN_ENGINE_H

#include <stdbool.h>

#include "bde/bde.h"

enum engine {
	ENGINE_AUTO,   /* our own; for the format of Windows Vista libbde */
	ENGINE_OWN,    /* bde_unlock() and bde_volume_open() */
	ENGINE_LIBBDE, /* libbde, which unlocks by itself too */
};

const char *engine_name(enum engine engine); /* "auto", "own", "libbde" */
bool engine_parse(const char *text, enum engine *ret_engine);

/* The version of libbde in use; NULL: this build has none. */
const char *engine_libbde_version(void);

/*
 * The engine that engine_open() takes for this volume; never ENGINE_AUTO. Our own engine always
 * opens decrypted volumes: libbde does not find their size.
 */
enum engine engine_for(const struct bde_metadata *metadata, enum engine wanted);

/*
 * From a key to the plaintext in one step. `key` is NULL for a decrypted volume. *ret_protector is
 * the protector that opened the volume; NULL when none did (a VMK, an FVEK), or when libbde opened
 * it and more than one could have. -ENOTSUP (ERR_DISK): the engine cannot serve this volume; the
 * hint names an engine that may. -ENOKEY (ERR_KEY): as bde_unlock(). `warnings` gets what the
 * engine leaves out of a volume that it opens. `flags` (enum bde_flags) are for our own engine.
 */
int engine_open(struct source *volume, const struct bde_metadata *metadata,
		const struct bde_key *key, enum engine engine, unsigned int flags,
		struct notes *warnings, struct source **ret_plain,
		const struct bde_protector **ret_protector, struct err *err);

#endif
