/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether what was written is what the source holds. Both are read in full: the source by the
 * pipeline's threads, what was written in the caller's.
 */
#ifndef ADEFUSE_EXPORT_EXPORT_CHECK_H
#define ADEFUSE_EXPORT_EXPORT_CHECK_H

#include "base/ranges.h"
#include "disk/source.h"
#include "export/output.h"

struct check_plan {
	struct source *source;
	const struct output *output;
	const struct export_callbacks *callbacks;
	const struct ranges *unreadable; /* zeros were written there: not compared */
	uint64_t start;
	uint64_t end;
	const char *label; /* of the pass; NULL: no progress is reported */
};

/*
 * 0 when they are equal; 1 with the offset of the first byte that differs. -EINTR after `stop`,
 * without err; else -errno with err.
 */
int export_check(const struct check_plan *plan, uint64_t *ret_differs, struct err *err);

/* The first `size` bytes of what was written, as a source. */
int export_check_open(const struct output *output, uint64_t size, struct source **ret_source,
		      struct err *err);

#endif
