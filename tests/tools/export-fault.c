/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * To be preloaded: a medium that fails under `adefuse export`, at chosen offsets.
 *
 *   EXPORT_BAD=OFFSET:LENGTH  reads of read-only files fail there with EIO
 *   EXPORT_FLIP=OFFSET        this byte is written with one bit wrong
 *   EXPORT_BLOCK=OFFSET       the first write at or after it makes the file EXPORT_MARK, and waits
 *                             for a signal
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_flag blocked = ATOMIC_FLAG_INIT;

/* False when the variable is not set. */
static int setting(const char *name, uint64_t *ret_offset, uint64_t *ret_length)
{
	const char *text = getenv(name);
	char *end;

	if (!text)
		return 0;
	*ret_offset = strtoull(text, &end, 10);
	*ret_length = *end == ':' ? strtoull(end + 1, NULL, 10) : 1;
	return 1;
}

static ssize_t read_at(int fd, void *buffer, size_t length, off_t offset)
{
	ssize_t (*next)(int, void *, size_t, off_t);
	uint64_t bad = 0;
	uint64_t size = 0;

	*(void **)&next = dlsym(RTLD_NEXT, "pread");
	if (setting("EXPORT_BAD", &bad, &size) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY &&
	    (uint64_t)offset < bad + size && bad < (uint64_t)offset + length) {
		errno = EIO;
		return -1;
	}
	return next(fd, buffer, length, offset);
}

static void block(void)
{
	const char *mark = getenv("EXPORT_MARK");
	int fd = mark ? open(mark, O_WRONLY | O_CREAT, 0600) : -1;

	if (fd >= 0)
		(void)close(fd);
	(void)pause();
}

static ssize_t write_at(int fd, const void *buffer, size_t length, off_t offset)
{
	ssize_t (*next)(int, const void *, size_t, off_t);
	uint64_t at = 0;
	uint64_t one = 0;
	ssize_t wrote;

	*(void **)&next = dlsym(RTLD_NEXT, "pwrite");
	if (setting("EXPORT_BLOCK", &at, &one) && (uint64_t)offset >= at &&
	    !atomic_flag_test_and_set(&blocked))
		block();
	wrote = next(fd, buffer, length, offset);
	if (setting("EXPORT_FLIP", &at, &one) && wrote > 0 && at >= (uint64_t)offset &&
	    at < (uint64_t)offset + (uint64_t)wrote) {
		uint8_t wrong = ((const uint8_t *)buffer)[at - (uint64_t)offset] ^ 1;

		(void)next(fd, &wrong, 1, (off_t)at);
	}
	return wrote;
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
	return read_at(fd, buffer, length, offset);
}

ssize_t pread64(int fd, void *buffer, size_t length, off_t offset)
{
	return read_at(fd, buffer, length, offset);
}

ssize_t pwrite(int fd, const void *buffer, size_t length, off_t offset)
{
	return write_at(fd, buffer, length, offset);
}

ssize_t pwrite64(int fd, const void *buffer, size_t length, off_t offset)
{
	return write_at(fd, buffer, length, offset);
}
