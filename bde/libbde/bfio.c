/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source as a file of libbfio; see bfio.h. */
#include "config.h" /* HAVE_LIBBFIO: which functions <libbde.h> declares */

#include "bde/libbde/bfio.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

enum {
	BOOT_SIZE = 512,
	BLOCK_SIZE = 16 << 10
};

void bfio_put_fields(const struct bfio_field *fields, size_t count, uint8_t *buffer, size_t length,
		     uint64_t offset)
{
	for (size_t i = 0; i < count; i++) {
		for (unsigned int k = 0; k < BFIO_FIELD_SIZE; k++) {
			uint64_t at = fields[i].at + k;

			if (at >= offset && at - offset < length)
				buffer[at - offset] = fields[i].bytes[k];
		}
	}
}

static int io_free(intptr_t **handle, libbfio_error_t **error)
{
	(void)error;
	*handle = NULL; /* part of the source */
	return 1;
}

static int io_clone(intptr_t **ret_handle, intptr_t *handle, libbfio_error_t **error)
{
	(void)ret_handle;
	(void)handle;
	(void)error;
	return -1; /* the handle is lent, so libbfio has no reason to */
}

static int io_open(intptr_t *handle, int flags, libbfio_error_t **error)
{
	(void)handle;
	(void)flags;
	(void)error;
	return 1;
}

static int io_close(intptr_t *handle, libbfio_error_t **error)
{
	(void)handle;
	(void)error;
	return 0;
}

static int io_is_there(intptr_t *handle, libbfio_error_t **error)
{
	(void)handle;
	(void)error;
	return 1;
}

static ssize_t io_read(intptr_t *handle, uint8_t *buffer, size_t size, libbfio_error_t **error)
{
	struct bfio *io = (struct bfio *)handle;
	bool is_boot = io->position == 0 && size == BOOT_SIZE;
	uint64_t from = io->position + (io->position < BLOCK_SIZE && !is_boot ? io->block : 0);
	uint64_t left = from < io->source->size ? io->source->size - from : 0;
	size_t length = size < left ? size : (size_t)left;
	int result = source_pread(io->source, buffer, length, from);

	(void)error;
	if (result < 0) {
		io->errnum = -result;
		return -1;
	}
	bfio_put_fields(io->shown, io->shown_count, buffer, length, from);
	io->position += length;
	return (ssize_t)length;
}

static ssize_t io_write(intptr_t *handle, const uint8_t *buffer, size_t size,
			libbfio_error_t **error)
{
	(void)handle;
	(void)buffer;
	(void)size;
	(void)error;
	return -1; /* nothing is ever written */
}

static off64_t io_seek(intptr_t *handle, off64_t offset, int whence, libbfio_error_t **error)
{
	struct bfio *io = (struct bfio *)handle;
	off64_t base = 0;

	(void)error;
	if (whence == SEEK_CUR)
		base = (off64_t)io->position;
	else if (whence == SEEK_END)
		base = (off64_t)io->source->size;
	if (__builtin_add_overflow(base, offset, &base) || base < 0)
		return -1;
	io->position = (uint64_t)base;
	return base;
}

static int io_get_size(intptr_t *handle, size64_t *ret_size, libbfio_error_t **error)
{
	(void)error;
	*ret_size = ((struct bfio *)handle)->source->size;
	return 1;
}

int bfio_open(struct bfio *io, libbfio_handle_t **ret_handle)
{
	libbfio_handle_t *handle = NULL;

	if (libbfio_handle_initialize(
		    &handle, (intptr_t *)io, io_free, io_clone, io_open, io_close, io_read,
		    io_write, io_seek, io_is_there, io_is_there, io_get_size,
		    LIBBFIO_FLAG_IO_HANDLE_NON_MANAGED | LIBBFIO_FLAG_IO_HANDLE_CLONE_BY_REFERENCE,
		    NULL) != 1)
		return -ENOMEM;
	*ret_handle = handle;
	return 0;
}
