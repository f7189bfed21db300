/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A libbde that is wrong, for the tests of `adefuse verify`: preloaded, it passes reads on and
 * flips one bit of the byte of the volume that LIBBDE_FLIP_AT names. LIBBDE_DELAY_MS makes each
 * read take so long.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <libbde.h>

typedef ssize_t (*read_function)(libbde_volume_t *volume, void *buffer, size_t size, off64_t offset,
				 libbde_error_t **error);

ssize_t libbde_volume_read_buffer_at_offset(libbde_volume_t *volume, void *buffer, size_t size,
					    off64_t offset, libbde_error_t **error)
{
	const char *place = getenv("LIBBDE_FLIP_AT");
	const char *delay = getenv("LIBBDE_DELAY_MS");
	struct timespec wait = {.tv_nsec = delay ? strtol(delay, NULL, 10) * 1000000 : 0};
	off64_t at = place ? strtoll(place, NULL, 10) : -1;
	read_function next;
	ssize_t got;

	*(void **)&next = dlsym(RTLD_NEXT, "libbde_volume_read_buffer_at_offset");
	(void)nanosleep(&wait, NULL);
	got = next(volume, buffer, size, offset, error);
	if (at >= offset && at - offset < got)
		((uint8_t *)buffer)[at - offset] ^= 0x10;
	return got;
}
