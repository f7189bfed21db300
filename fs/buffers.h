/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What reads decrypt into: as many buffers as there were reads at once. The one that was given back
 * last is borrowed first: the kernel wakes threads in turn, and so each works in memory that is in
 * the processor's cache. They hold plaintext, and are wiped before they are freed.
 *
 * Threads: any may borrow and give back.
 */
#ifndef ADEFUSE_FS_BUFFERS_H
#define ADEFUSE_FS_BUFFERS_H

#include <pthread.h>

/*
 * Bytes of a buffer, and the most that one request of the kernel reads. A larger read, or reading
 * ahead, becomes several requests, which threads serve at once.
 */
enum {
	BUFFER_SIZE = 512 << 10
};

struct buffer {
	struct buffer *next;
	void *data;
};

struct buffers {
	pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
	struct buffer *idle;  /* the one used last first */
};

/* To be given back; NULL when out of memory. */
struct buffer *buffers_take(struct buffers *buffers);
void buffers_give(struct buffers *buffers, struct buffer *buffer);

/* Frees those that were given back, when nobody borrows any more. */
void buffers_clear(struct buffers *buffers);

#endif
