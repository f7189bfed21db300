/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk/file under a kernel that interrupts reads and gives them in pieces, as network file systems
 * do: the contract of byte sources holds all the same, and an error in a later piece is not lost.
 */
#include <unistd.h>

#include "disk/file.h"
#include "tests/source_contract.h"

enum {
	SIZE = 40000,
};

static atomic_uint calls;
static atomic_int fail_from = -1; /* offset from which reads fail with EIO; -1 is never */

/* In place of libc's: every third call is interrupted, the others give at most 1000 bytes. */
ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
	uint8_t *to = buffer;
	size_t part = length < 1000 ? length : 1000;
	int from = atomic_load(&fail_from);

	(void)fd;
	if (atomic_fetch_add(&calls, 1) % 3 == 0) {
		errno = EINTR;
		return -1;
	}
	if (from >= 0 && offset >= from) {
		errno = EIO;
		return -1;
	}
	if (offset >= SIZE)
		return 0;
	if (part > (size_t)(SIZE - offset))
		part = (size_t)(SIZE - offset);
	for (size_t i = 0; i < part; i++)
		to[i] = (uint8_t)(((size_t)offset + i) * 31 >> 3);
	return (ssize_t)part;
}

int main(void)
{
	char path[] = "disk-file-short.XXXXXX";
	static uint8_t expected[SIZE];
	static uint8_t buffer[SIZE];
	struct source *source = NULL;
	int fd = mkstemp(path);

	for (size_t i = 0; i < SIZE; i++)
		expected[i] = (uint8_t)(i * 31 >> 3);
	must(fd >= 0 && write(fd, expected, SIZE) == SIZE);
	must(close(fd) == 0);
	must(file_open(path, &source, NULL) == 0);
	must(unlink(path) == 0);
	source_contract(source, expected, SIZE, "file in pieces");
	ok(atomic_load(&calls) > 1000, "the reads came here");
	atomic_store(&fail_from, 20000);
	is(source_pread(source, buffer, 20000, 0), 0, "up to where reads fail");
	is(source_pread(source, buffer, 20001, 0), -EIO, "the last piece fails: so does the read");
	source_unref(source);
	return tap_done();
}
