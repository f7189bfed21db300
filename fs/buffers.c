/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buffers for reads; see buffers.h. */
#include "fs/buffers.h"

#include <stdlib.h>
#include <string.h>

enum {
	PAGE = 4096
};

/* Huge pages bring nothing here; one that buffers share makes threads wait for its counter. */
static struct buffer *buffer_new(void)
{
	struct buffer *buffer = calloc(1, sizeof(*buffer));

	if (!buffer)
		return NULL;
	buffer->data = aligned_alloc(PAGE, BUFFER_SIZE);
	if (!buffer->data) {
		free(buffer);
		return NULL;
	}
	return buffer;
}

struct buffer *buffers_take(struct buffers *buffers)
{
	struct buffer *buffer;

	pthread_mutex_lock(&buffers->lock);
	buffer = buffers->idle;
	if (buffer)
		buffers->idle = buffer->next;
	pthread_mutex_unlock(&buffers->lock);
	return buffer ? buffer : buffer_new();
}

void buffers_give(struct buffers *buffers, struct buffer *buffer)
{
	pthread_mutex_lock(&buffers->lock);
	buffer->next = buffers->idle;
	buffers->idle = buffer;
	pthread_mutex_unlock(&buffers->lock);
}

void buffers_clear(struct buffers *buffers)
{
	while (buffers->idle) {
		struct buffer *buffer = buffers->idle;

		buffers->idle = buffer->next;
		explicit_bzero(buffer->data, BUFFER_SIZE);
		free(buffer->data);
		free(buffer);
	}
}
