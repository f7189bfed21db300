/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading PEM bundles; see cafile.h. */
#include "net/cafile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, char *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, buffer + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		done += (size_t)n;
	}
	return 0;
}

static int append_fd(struct cafile *cafile, int fd, size_t size)
{
	char *bigger = realloc(cafile->pem, cafile->size + size + 2);
	int r;

	if (!bigger)
		return -ENOMEM;
	cafile->pem = bigger;
	r = read_all(fd, bigger + cafile->size, size);
	if (r != 0)
		return r;
	bigger[cafile->size + size] = '\n';
	bigger[cafile->size + size + 1] = '\0';
	if (!memmem(bigger + cafile->size, size, "-----BEGIN CERTIFICATE-----", 27) &&
	    !memmem(bigger + cafile->size, size, "-----BEGIN TRUSTED CERTIFICATE-----", 35))
		return -ENOMSG;
	cafile->size += size + 1;
	return 0;
}

int cafile_append(struct cafile *cafile, const char *path, const char *what, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int r = 0;

	if (fd < 0)
		return err_set(err, ERR_USAGE, EINVAL, "cannot open %s '%s': %s", what, path,
			       strerror(errno));
	if (fstat(fd, &status) != 0)
		r = -errno;
	else if (!S_ISREG(status.st_mode))
		r = -EISDIR;
	else if (status.st_size > CAFILE_MAX)
		r = -EFBIG;
	if (r == 0)
		r = append_fd(cafile, fd, (size_t)status.st_size);
	close(fd);
	if (r == -ENOMEM)
		return err_nomem(err);
	if (r == -ENOMSG)
		return err_set(err, ERR_USAGE, EINVAL, "%s '%s' holds no PEM certificate", what,
			       path);
	if (r != 0)
		return err_set(err, ERR_USAGE, EINVAL, "cannot read %s '%s': %s", what, path,
			       r == -EISDIR ? "not a regular file" : strerror(-r));
	return 0;
}

void cafile_clear(struct cafile *cafile)
{
	free(cafile->pem);
	cafile->pem = NULL;
	cafile->size = 0;
}
