/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locked, guarded, wiped memory; see secret.h. */
#include "base/secret.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

struct secret {
	uint8_t *map; /* guard page, data pages, guard page */
	size_t map_size;
	uint8_t *data;
	size_t size;	 /* bytes in use */
	size_t capacity; /* bytes that fit, not counting the closing zero */
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

struct secret *secret_new(size_t size)
{
	size_t page = page_size();
	struct secret *secret;
	size_t inner;

	if (size > SECRET_MAX)
		return NULL;
	secret = calloc(1, sizeof(*secret));
	if (!secret)
		return NULL;
	inner = (size + 1 + page - 1) / page * page;
	secret->map_size = inner + 2 * page;
	secret->map = mmap(NULL, secret->map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (secret->map == MAP_FAILED) {
		free(secret);
		return NULL;
	}
	secret->data = secret->map + page;
	secret->size = size;
	secret->capacity = inner - 1;
	if (mprotect(secret->data, inner, PROT_READ | PROT_WRITE) != 0) {
		munmap(secret->map, secret->map_size);
		free(secret);
		return NULL;
	}
	(void)madvise(secret->data, inner, MADV_DONTDUMP);
	if (mlock(secret->data, inner) != 0)
		log_debug("a secret could not be locked into memory: %s", strerrordesc_np(errno));
	return secret;
}

struct secret *secret_copy(const void *data, size_t size)
{
	struct secret *secret = secret_new(size);

	if (secret && size > 0)
		memcpy(secret->data, data, size);
	return secret;
}

void secret_free(struct secret *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret->data, secret->capacity + 1);
	munmap(secret->map, secret->map_size);
	free(secret);
}

uint8_t *secret_data(struct secret *secret)
{
	return secret->data;
}

const uint8_t *secret_bytes(const struct secret *secret)
{
	return secret->data;
}

const char *secret_text(const struct secret *secret)
{
	return (const char *)secret->data;
}

size_t secret_size(const struct secret *secret)
{
	return secret->size;
}

void secret_truncate(struct secret *secret, size_t size)
{
	if (size >= secret->size)
		return;
	explicit_bzero(secret->data + size, secret->size - size);
	secret->size = size;
}

int secret_append(struct secret **secret, const void *data, size_t size)
{
	size_t old = *secret ? (*secret)->size : 0;
	struct secret *bigger;

	if (size > SECRET_MAX || old + size > SECRET_MAX)
		return -EOVERFLOW;
	if (!*secret || old + size > (*secret)->capacity) {
		size_t room = 2 * (old + size);

		bigger = secret_new(room > SECRET_MAX ? SECRET_MAX : room);
		if (!bigger)
			return -ENOMEM;
		if (old > 0)
			memcpy(bigger->data, (*secret)->data, old);
		secret_free(*secret);
		*secret = bigger;
	}
	if (size > 0)
		memcpy((*secret)->data + old, data, size);
	(*secret)->data[old + size] = 0;
	(*secret)->size = old + size;
	return 0;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	volatile uint8_t difference = 0;

	if (a->size != b->size)
		return false;
	for (size_t i = 0; i < a->size; i++)
		difference = (uint8_t)(difference | (a->data[i] ^ b->data[i]));
	return difference == 0;
}

void secret_wipe(void *data, size_t size)
{
	explicit_bzero(data, size);
}

void *secret_heap_realloc(void *pointer, size_t size)
{
	size_t old = pointer ? malloc_usable_size(pointer) : 0;
	void *bigger;

	if (pointer && size > 0 && size <= old)
		return pointer;
	bigger = malloc(size > 0 ? size : 1);
	if (bigger && pointer) {
		memcpy(bigger, pointer, old < size ? old : size);
		secret_heap_free(pointer);
	}
	return bigger;
}

void secret_heap_free(void *pointer)
{
	if (pointer)
		explicit_bzero(pointer, malloc_usable_size(pointer));
	free(pointer);
}
