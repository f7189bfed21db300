/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source whose bytes are in memory; see memory.h. */
#include "disk/memory.h"

#include <errno.h>
#include <string.h>

struct memory {
	struct source source;
	uint8_t *data;
};

static int memory_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	const struct memory *memory = (const struct memory *)source;

	memcpy(buffer, memory->data + offset, length);
	return 0;
}

static void memory_close(struct source *source)
{
	struct memory *memory = (struct memory *)source;

	free(memory->data);
	free(memory);
}

static const struct source_ops memory_ops = {
	.name = "memory",
	.pread = memory_pread,
	.close = memory_close,
};

int memory_new(const void *data, size_t size, struct source **ret_source)
{
	struct memory *memory CLEANUP(free) = calloc(1, sizeof(*memory));
	uint8_t *copy;

	if (!memory)
		return -ENOMEM;
	copy = malloc(size > 0 ? size : 1);
	if (!copy)
		return -ENOMEM;
	if (size > 0)
		memcpy(copy, data, size);
	memory->data = copy;
	source_init(&memory->source, &memory_ops, size, 0);
	*ret_source = &TAKE(memory)->source;
	return 0;
}
