/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and replacing small files whole; see smallfile.h. */
#include "base/smallfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
	ROOM_MIN = 4096
};

/* Where the bytes go: into a secret or plain memory, one of the two. */
struct sink {
	bool plain;
	struct secret *secret;
	char *text;
	size_t room;
	size_t used;
};

static void sink_clear(struct sink *sink)
{
	secret_free(sink->secret);
	free(sink->text);
}

static int grow(struct sink *sink, size_t room)
{
	struct secret *bigger;
	char *text;

	if (sink->plain) {
		text = realloc(sink->text, room + 1);
		if (!text)
			return -ENOMEM;
		sink->text = text;
	} else {
		bigger = secret_new(room);
		if (!bigger)
			return -ENOMEM;
		if (sink->used > 0)
			memcpy(secret_data(bigger), secret_bytes(sink->secret), sink->used);
		secret_free(sink->secret);
		sink->secret = bigger;
	}
	sink->room = room;
	return 0;
}

/* Start with a regular file's size; it may grow while it is read, or be 0 as in /proc. */
static size_t first_room(int fd, size_t max)
{
	struct stat st;
	uint64_t size = 0;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		size = (uint64_t)st.st_size;
	if (size > max)
		return max + 1;
	return size + 1 < ROOM_MIN ? ROOM_MIN : (size_t)size + 1;
}

static int fill(int fd, size_t max, struct sink *sink)
{
	int result = grow(sink, first_room(fd, max));

	/* one byte more than allowed shows that it is too large */
	while (result == 0 && sink->used <= max) {
		char *data = sink->plain ? sink->text : (char *)secret_data(sink->secret);
		ssize_t got = read(fd, data + sink->used, sink->room - sink->used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		sink->used += (size_t)got;
		if (sink->used == sink->room && sink->used <= max)
			result = grow(sink, sink->room > max / 2 ? max + 1 : 2 * sink->room);
	}
	return result == 0 ? -EFBIG : result;
}

int smallfile_read_fd(int fd, size_t max, struct secret **ret_content)
{
	struct sink sink = {.plain = false};
	int result = fill(fd, max, &sink);

	if (result == 0) {
		secret_truncate(sink.secret, sink.used);
		*ret_content = TAKE(sink.secret);
	}
	sink_clear(&sink);
	return result;
}

int smallfile_read_plain(int fd, size_t max, char **ret_text, size_t *ret_size)
{
	struct sink sink = {.plain = true};
	int result = fill(fd, max, &sink);

	if (result == 0) {
		sink.text[sink.used] = '\0';
		*ret_size = sink.used;
		*ret_text = TAKE(sink.text);
	}
	sink_clear(&sink);
	return result;
}

int smallfile_read(const char *path, size_t max, bool strict, struct secret **ret_content)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path,
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (strict ? O_NOFOLLOW : 0));
	struct stat st;
	int result = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		result = -errno;
	else if (!S_ISREG(st.st_mode))
		result = -EINVAL;
	if (result == 0)
		result = smallfile_read_fd(fd, max, ret_content);
	(void)close(fd);
	return result;
}

int smallfile_write_fd(int fd, const void *data, size_t size)
{
	const char *left = data;

	while (size > 0) {
		ssize_t wrote = write(fd, left, size);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -errno;
		left += wrote;
		size -= (size_t)wrote;
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

int smallfile_replace(const char *path, const char *text)
{
	char *temporary CLEANUP(free) = NULL;
	int result;
	int fd;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC); /* of mode 0600 */
	if (fd < 0)
		return -errno;
	result = smallfile_write_fd(fd, text, strlen(text));
	if (close(fd) != 0 && result == 0)
		result = -errno;
	if (result == 0 && rename(temporary, path) != 0)
		result = -errno;
	if (result < 0)
		(void)unlink(temporary);
	return result;
}
