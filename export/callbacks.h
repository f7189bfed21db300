/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an export asks of its caller. Any of them may be NULL. `stop` is called from any thread, the
 * others in the thread that called export_run().
 */
#ifndef ADEFUSE_EXPORT_CALLBACKS_H
#define ADEFUSE_EXPORT_CALLBACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct export_callbacks {
	/*
	 * A pass over the bytes begins: `label` says which ("p3", "verifying"); its first `from`
	 * bytes have been done by an earlier export.
	 */
	void (*begin)(void *context, const char *label, uint64_t from);
	/* Bytes done, after every piece (1 MiB) and several times a second in between. */
	void (*progress)(void *context, uint64_t done, uint64_t total);
	void (*end)(void *context);

	/* True ends the export: export_run() returns -EINTR. */
	bool (*stop)(void *context);

	/*
	 * SHA-256 of all that was written, 32 bytes, at the end; NULL: it is not computed. 0, or
	 * -errno with err, which export_run() returns.
	 */
	int (*digest)(void *context, const uint8_t *sha256, struct err *err);

	void *context; /* of all */
};

static inline void callbacks_begin(const struct export_callbacks *callbacks, const char *label,
				   uint64_t from)
{
	if (callbacks->begin)
		callbacks->begin(callbacks->context, label, from);
}

static inline void callbacks_progress(const struct export_callbacks *callbacks, uint64_t done,
				      uint64_t total)
{
	if (callbacks->progress)
		callbacks->progress(callbacks->context, done, total);
}

static inline void callbacks_end(const struct export_callbacks *callbacks)
{
	if (callbacks->end)
		callbacks->end(callbacks->context);
}

static inline bool callbacks_stop(const struct export_callbacks *callbacks)
{
	return callbacks->stop && callbacks->stop(callbacks->context);
}

#endif
