/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fault-injecting source of the tests; see fault.h. */
#include "tests/fault.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct fault {
	struct source head;
	struct source *below; /* our reference */
	struct fault_rule rules[FAULT_RULES_MAX];
	atomic_uint touched[FAULT_RULES_MAX]; /* reads that touched the rule's range */
	size_t count;
	atomic_ulong reads;
};

enum {
	RUBBISH = 0xee
};

static bool touches(const struct fault_rule *rule, uint64_t offset, size_t length)
{
	return offset < rule->offset + rule->length && rule->offset < offset + length;
}

/* Whether this read is among those that the rule hits; counts it. */
static bool hits(struct fault *fault, size_t index, uint64_t offset, size_t length)
{
	const struct fault_rule *rule = &fault->rules[index];
	unsigned int number;

	if (!touches(rule, offset, length))
		return false;
	number = atomic_fetch_add(&fault->touched[index], 1);
	return number >= rule->skip && (rule->count == 0 || number - rule->skip < rule->count);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static int fail(struct fault *fault, const struct fault_rule *rule, uint8_t *buffer, size_t length,
		uint64_t offset)
{
	size_t good = 0;

	if (rule->action == FAULT_SHORT && rule->offset > offset)
		good = (size_t)(rule->offset - offset);
	if (good > 0) {
		int result = source_pread(fault->below, buffer, good, offset);

		if (result < 0)
			return result;
	}
	memset(buffer + good, RUBBISH, length - good);
	return -rule->errnum;
}

static int fault_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	struct fault *fault = (struct fault *)source;

	atomic_fetch_add(&fault->reads, 1);
	for (size_t i = 0; i < fault->count; i++) {
		const struct fault_rule *rule = &fault->rules[i];

		if (!hits(fault, i, offset, length))
			continue;
		if (rule->action != FAULT_DELAY)
			return fail(fault, rule, buffer, length, offset);
		sleep_ms(rule->delay_ms);
	}
	return source_pread(fault->below, buffer, length, offset);
}

static void fault_close(struct source *source)
{
	struct fault *fault = (struct fault *)source;

	source_unref(fault->below);
	free(fault);
}

static const struct source_ops fault_ops = {
	.name = "fault",
	.pread = fault_pread,
	.close = fault_close,
};

int fault_new(struct source *below, struct source **ret_fault)
{
	struct fault *fault = calloc(1, sizeof(*fault));

	if (!fault)
		return -ENOMEM;
	source_init(&fault->head, &fault_ops, below->size, below->sector_size);
	fault->below = source_ref(below);
	*ret_fault = &fault->head;
	return 0;
}

void fault_add(struct source *source, const struct fault_rule *rule)
{
	struct fault *fault = (struct fault *)source;

	if (fault->count == FAULT_RULES_MAX)
		abort(); /* a mistake in the test */
	fault->rules[fault->count] = *rule;
	atomic_store(&fault->touched[fault->count], 0);
	fault->count++;
}

void fault_clear(struct source *source)
{
	((struct fault *)source)->count = 0;
}

unsigned long fault_reads(const struct source *source)
{
	return atomic_load(&((const struct fault *)source)->reads);
}
