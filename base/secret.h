/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory for keys, passwords and tokens: locked into RAM, excluded from core dumps, wiped before it
 * is freed. It has no printer. Locks do not survive fork(): a daemon forks before it reads secrets.
 *
 * Each secret owns whole pages between two guard pages, so an overrun faults instead of leaking.
 * Locking can fail under a small RLIMIT_MEMLOCK: the secret works all the same, and a debug line
 * says so.
 *
 * Threads: a secret may be read by several threads; changing or freeing it is its owner's alone.
 */
#ifndef ADEFUSE_BASE_SECRET_H
#define ADEFUSE_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct secret;

/* Far more than any key, password or token has; keeps hostile sizes out. */
enum {
	SECRET_MAX = 1 << 20
};

/* `size` zero bytes (0 is allowed); NULL when out of memory or above SECRET_MAX. */
struct secret *secret_new(size_t size);

/* A copy of `size` bytes. The caller wipes the original if it has to. */
struct secret *secret_copy(const void *data, size_t size);

/* Wipe and free; NULL is allowed. */
void secret_free(struct secret *secret);
DEFINE_CLEANUP(struct secret, secret_free)

/* The bytes. A zero byte that does not count follows them, so that text can be read as a string. */
uint8_t *secret_data(struct secret *secret);
const uint8_t *secret_bytes(const struct secret *secret);
const char *secret_text(const struct secret *secret);
size_t secret_size(const struct secret *secret);

/* Make it shorter and wipe the bytes that are cut; no change when it is not longer than `size`. */
void secret_truncate(struct secret *secret, size_t size);

/* Append; -ENOMEM, or -EOVERFLOW above SECRET_MAX. `*secret` may be NULL (an empty one). */
int secret_append(struct secret **secret, const void *data, size_t size);

/* Constant-time comparison of contents; the length is not secret. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Overwrite memory in a way that the compiler keeps: for buffers on the stack. */
void secret_wipe(void *data, size_t size);

/*
 * realloc() and free() of what malloc() gave, wiping what is freed: for libraries that handle
 * secrets in their own buffers (cJSON, libcurl, OpenSSL).
 */
void *secret_heap_realloc(void *pointer, size_t size);
void secret_heap_free(void *pointer);

#endif
