/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a small secret file; see smallfile.h. */
#include "keyvault/smallfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_open(int fd, size_t max, struct secret **ret_content)
{
	struct secret *content CLEANUP(secret_free) = NULL;
	struct stat st;
	size_t used = 0;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return -EFBIG;
	content = secret_new(max + 1);
	if (!content)
		return -ENOMEM;
	/* It may grow while it is read: one byte more than allowed tells. */
	while (used <= max) {
		ssize_t got = read(fd, secret_data(content) + used, max + 1 - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	if (used > max)
		return -EFBIG;
	secret_truncate(content, used);
	*ret_content = TAKE(content);
	return 0;
}

int smallfile_read(const char *path, size_t max, bool strict, struct secret **ret_content)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path,
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (strict ? O_NOFOLLOW : 0));
	int r;

	if (fd < 0)
		return -errno;
	r = read_open(fd, max, ret_content);
	(void)close(fd);
	return r;
}
