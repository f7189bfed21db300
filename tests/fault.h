/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source that passes reads on to another one until it is told to fail them: how tests see what a
 * layer does when the disk below it breaks.
 *
 * Threads: rules are added before the source is shared; reads from any thread.
 */
#ifndef ADEFUSE_TESTS_FAULT_H
#define ADEFUSE_TESTS_FAULT_H

#include "disk/source.h"

enum fault_action {
	FAULT_ERROR, /* fail with `errnum`; the buffer is filled with rubbish */
	FAULT_SHORT, /* give the bytes before `offset`, rubbish behind, and fail with `errnum`: a
			layer that believes the buffer is caught */
	FAULT_DELAY, /* sleep `delay_ms`, then read as usual */
};

struct fault_rule {
	enum fault_action action;
	uint64_t offset; /* reads that touch [offset, offset + length) are counted */
	uint64_t length;
	unsigned int skip;  /* so many of them pass first */
	unsigned int count; /* so many are hit then; 0 is all */
	int errnum;	    /* positive */
	unsigned int delay_ms;
};

enum {
	FAULT_RULES_MAX = 8
};

/* -ENOMEM. Takes its own reference to `below`. */
int fault_new(struct source *below, struct source **ret_fault);

/* `fault` is one that fault_new() made. */
void fault_add(struct source *fault, const struct fault_rule *rule);
void fault_clear(struct source *fault);

/* Reads that have reached it, whatever became of them. */
unsigned long fault_reads(const struct source *fault);

#endif
