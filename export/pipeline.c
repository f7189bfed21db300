/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead in threads, consuming in order; see pipeline.h. */
#include "export/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/thread.h"
#include "base/zeros.h"

enum {
	READERS_MAX = 8,
	TICK_MS = 200,
	PART_SIZE = 64 << 10, /* a piece that fails is read again in these, then by sectors */
	HUGE_PAGE = 2 << 20,
	/*
	 * Waiting readers are woken when no more than a third of the slots is still to be
	 * consumed: then each fills several. Waking them for each slot makes twice as many
	 * switches between threads.
	 */
	WAKE_PART = 3,
};

struct slot {
	struct piece piece;
	uint8_t *buffer;
	bool ready;
};

struct pipeline {
	const struct pipeline_plan *plan;
	size_t sector;
	size_t reader_count;
	size_t slot_count;
	struct slot *slots;
	uint8_t *buffers; /* of all slots */

	pthread_mutex_t lock; /* over all below */
	pthread_cond_t space; /* slots have become free, or all stops */
	pthread_cond_t ready; /* a piece is ready, or all stops */
	uint64_t next;	      /* offset of the next claim */
	uint64_t claimed;     /* pieces */
	uint64_t passed[2];   /* pieces that each consumer has finished */
	int second_result;
	atomic_bool stop; /* also read without the lock, between sectors */
};

/* ------------------------------------------------------------------ readers */

/* One part of a piece again, by sectors. */
static void read_sectors(struct pipeline *pipeline, struct slot *slot, size_t start, size_t end)
{
	struct piece *piece = &slot->piece;

	for (size_t at = start; at < end; at += pipeline->sector) {
		size_t length = end - at < pipeline->sector ? end - at : pipeline->sector;
		int result = -ECANCELED;

		if (!atomic_load(&pipeline->stop))
			result = source_pread(pipeline->plan->source, slot->buffer + at, length,
					      piece->offset + at);
		if (result == 0)
			continue;
		if (piece->errnum == 0)
			piece->errnum = -result;
		memset(slot->buffer + at, 0, length);
		for (size_t i = at; i < at + length; i += PIECE_SECTOR)
			piece->bad[i / PIECE_SECTOR] = true;
	}
}

/* A piece of which something cannot be read: read the rest of it. */
static void read_parts(struct pipeline *pipeline, struct slot *slot)
{
	struct piece *piece = &slot->piece;
	size_t size = (size_t)piece->length;

	memset(piece->bad, 0, sizeof(piece->bad));
	for (size_t at = 0; at < size; at += PART_SIZE) {
		size_t length = size - at < PART_SIZE ? size - at : PART_SIZE;

		if (source_pread(pipeline->plan->source, slot->buffer + at, length,
				 piece->offset + at) < 0)
			read_sectors(pipeline, slot, at, at + length);
	}
}

static void fill(struct pipeline *pipeline, struct slot *slot)
{
	struct piece *piece = &slot->piece;
	size_t size = (size_t)piece->length;

	if (!piece->data)
		return;
	if (source_pread(pipeline->plan->source, slot->buffer, size, piece->offset) < 0)
		read_parts(pipeline, slot);
	for (size_t i = 0; i * PIECE_BLOCK < size; i++) {
		size_t left = size - i * PIECE_BLOCK;

		piece->zero[i] = zeros_all(slot->buffer + i * PIECE_BLOCK,
					   left < PIECE_BLOCK ? left : PIECE_BLOCK);
	}
}

/* The next piece: zeros as far as they go in whole pieces, or one piece of data. */
static void lay_out(const struct pipeline *pipeline, struct slot *slot)
{
	struct source *source = pipeline->plan->source;
	uint64_t offset = pipeline->next;
	uint64_t left = source->size - offset;
	uint64_t length = PIECE_SIZE - offset % PIECE_SIZE;
	uint64_t zeros = 0;

	if (pipeline->plan->read_all || source_extent(source, offset, &zeros) != SOURCE_ZERO)
		zeros = 0;
	if (zeros < left)
		zeros -= zeros % PIECE_SIZE;
	if (length > left)
		length = left;
	slot->piece.offset = offset;
	slot->piece.length = zeros >= length ? zeros : length;
	slot->piece.data = zeros >= length ? NULL : slot->buffer;
	slot->piece.errnum = 0;
	slot->ready = false;
}

static uint64_t passed_by_all(const struct pipeline *pipeline)
{
	if (!pipeline->plan->second || pipeline->passed[0] < pipeline->passed[1])
		return pipeline->passed[0];
	return pipeline->passed[1];
}

/* The slot of the next piece, laid out; NULL when there is nothing more to read. Under the lock. */
static struct slot *claim(struct pipeline *pipeline)
{
	struct slot *slot;

	while (!atomic_load(&pipeline->stop) && pipeline->next < pipeline->plan->source->size &&
	       pipeline->claimed - passed_by_all(pipeline) >= pipeline->slot_count)
		pthread_cond_wait(&pipeline->space, &pipeline->lock);
	if (atomic_load(&pipeline->stop) || pipeline->next >= pipeline->plan->source->size)
		return NULL;
	slot = &pipeline->slots[pipeline->claimed % pipeline->slot_count];
	lay_out(pipeline, slot);
	pipeline->next += slot->piece.length;
	pipeline->claimed++;
	return slot;
}

static void *reader(void *argument)
{
	struct pipeline *pipeline = argument;
	struct slot *slot;

	pthread_mutex_lock(&pipeline->lock);
	while ((slot = claim(pipeline))) {
		pthread_mutex_unlock(&pipeline->lock);
		fill(pipeline, slot);
		pthread_mutex_lock(&pipeline->lock);
		slot->ready = true;
		pthread_cond_broadcast(&pipeline->ready);
	}
	pthread_mutex_unlock(&pipeline->lock);
	return NULL;
}

/* ---------------------------------------------------------------- consumers */

static void stop(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	atomic_store(&pipeline->stop, true);
	pthread_cond_broadcast(&pipeline->space);
	pthread_cond_broadcast(&pipeline->ready);
	pthread_mutex_unlock(&pipeline->lock);
}

static bool at_end(const struct pipeline *pipeline, unsigned int consumer)
{
	return pipeline->next >= pipeline->plan->source->size &&
	       pipeline->passed[consumer] == pipeline->claimed;
}

/* The piece that this consumer takes next, if it is ready. */
static struct slot *due(const struct pipeline *pipeline, unsigned int consumer)
{
	struct slot *slot = &pipeline->slots[pipeline->passed[consumer] % pipeline->slot_count];

	return pipeline->passed[consumer] < pipeline->claimed && slot->ready ? slot : NULL;
}

static void wait_a_tick(struct pipeline *pipeline)
{
	struct timespec until = thread_deadline(TICK_MS);

	(void)pthread_cond_timedwait(&pipeline->ready, &pipeline->lock, &until);
}

/* The next piece in order; NULL at the end, and when all stops. */
static const struct piece *await(struct pipeline *pipeline, unsigned int consumer)
{
	const struct pipeline_plan *plan = pipeline->plan;
	const struct slot *slot = NULL;

	pthread_mutex_lock(&pipeline->lock);
	while (!atomic_load(&pipeline->stop) && !at_end(pipeline, consumer)) {
		slot = due(pipeline, consumer);
		if (slot)
			break;
		wait_a_tick(pipeline);
		if (consumer == 0 && plan->tick) {
			bool going;

			pthread_mutex_unlock(&pipeline->lock);
			going = plan->tick(plan->context);
			pthread_mutex_lock(&pipeline->lock);
			if (!going)
				break;
		}
	}
	pthread_mutex_unlock(&pipeline->lock);
	return slot ? &slot->piece : NULL;
}

static int consume(struct pipeline *pipeline, unsigned int consumer, piece_consumer consume_piece)
{
	const struct pipeline_plan *plan = pipeline->plan;
	const struct piece *piece;
	int result = 0;

	while (result == 0 && (piece = await(pipeline, consumer))) {
		result = consume_piece(plan->context, piece);
		pthread_mutex_lock(&pipeline->lock);
		pipeline->passed[consumer]++;
		if (pipeline->claimed - passed_by_all(pipeline) <= pipeline->slot_count / WAKE_PART)
			pthread_cond_broadcast(&pipeline->space);
		pthread_mutex_unlock(&pipeline->lock);
		if (result == 0 && consumer == 0 && plan->tick && !plan->tick(plan->context))
			result = -EINTR;
	}
	return result;
}

static void *second(void *argument)
{
	struct pipeline *pipeline = argument;
	int result = consume(pipeline, 1, pipeline->plan->second);

	if (result < 0) {
		pthread_mutex_lock(&pipeline->lock);
		pipeline->second_result = result;
		pthread_mutex_unlock(&pipeline->lock);
		stop(pipeline);
	}
	return NULL;
}

/* The first consumer has ended. */
static int conclude(struct pipeline *pipeline, int result)
{
	bool finished;

	pthread_mutex_lock(&pipeline->lock);
	finished = at_end(pipeline, 0) && result == 0;
	pthread_mutex_unlock(&pipeline->lock);
	if (!finished)
		stop(pipeline);
	return result < 0 || finished ? result : -EINTR;
}

/* -------------------------------------------------------------------- setup */

static int run_threads(struct pipeline *pipeline)
{
	pthread_t threads[READERS_MAX + 1];
	size_t count = 0;
	int result = 0;

	while (count < pipeline->reader_count && result == 0) {
		result = thread_start(&threads[count], reader, pipeline);
		count += result == 0;
	}
	if (result == 0 && pipeline->plan->second) {
		result = thread_start(&threads[count], second, pipeline);
		count += result == 0;
	}
	if (result == 0)
		result = consume(pipeline, 0, pipeline->plan->first);
	result = conclude(pipeline, result);
	while (count > 0)
		pthread_join(threads[--count], NULL);
	/* no other thread runs any more */
	return pipeline->second_result < 0 ? pipeline->second_result : result;
}

static void free_slots(struct pipeline *pipeline)
{
	if (pipeline->buffers)
		secret_wipe(pipeline->buffers, pipeline->slot_count * PIECE_SIZE);
	free(pipeline->buffers);
	free(pipeline->slots);
}

static int make_slots(struct pipeline *pipeline)
{
	size_t size = pipeline->slot_count * PIECE_SIZE;

	pipeline->slots = calloc(pipeline->slot_count, sizeof(*pipeline->slots));
	pipeline->buffers = aligned_alloc(HUGE_PAGE, size);
	if (!pipeline->slots || !pipeline->buffers)
		return -ENOMEM;
	/* faster where the system has them */
	(void)madvise(pipeline->buffers, size, MADV_HUGEPAGE);
	for (size_t i = 0; i < pipeline->slot_count; i++)
		pipeline->slots[i].buffer = pipeline->buffers + i * PIECE_SIZE;
	return 0;
}

/* The unit of rereading: a sector of the disk, which fails as a whole. */
static size_t sector_size(const struct source *source)
{
	uint32_t size = source->sector_size;

	return size >= PIECE_SECTOR && PART_SIZE % size == 0 ? size : PIECE_SECTOR;
}

int pipeline_run(const struct pipeline_plan *plan)
{
	struct pipeline pipeline = {
		.plan = plan,
		.sector = sector_size(plan->source),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.next = plan->start,
	};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int result;

	pipeline.reader_count = cpus < 1 ? 1 : cpus > READERS_MAX ? READERS_MAX : (size_t)cpus;
	/* an even number: whole huge pages */
	pipeline.slot_count = 4 * pipeline.reader_count + 4;
	(void)thread_condition_init(&pipeline.ready);
	pthread_cond_init(&pipeline.space, NULL);
	result = make_slots(&pipeline);
	if (result == 0)
		result = run_threads(&pipeline);
	free_slots(&pipeline);
	pthread_cond_destroy(&pipeline.ready);
	pthread_cond_destroy(&pipeline.space);
	return result;
}
