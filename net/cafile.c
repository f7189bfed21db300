/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading PEM bundles; see cafile.h. */
#include "net/cafile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/smallfile.h"

static int append_fd(struct cafile *cafile, int fd)
{
	char *text CLEANUP(free) = NULL;
	char *bigger;
	size_t size;
	int result = smallfile_read_plain(fd, CAFILE_MAX, &text, &size);

	if (result != 0)
		return result;
	if (!memmem(text, size, "-----BEGIN CERTIFICATE-----", 27) &&
	    !memmem(text, size, "-----BEGIN TRUSTED CERTIFICATE-----", 35))
		return -ENOMSG;
	bigger = realloc(cafile->pem, cafile->size + size + 2);
	if (!bigger)
		return -ENOMEM;
	memcpy(bigger + cafile->size, text, size);
	bigger[cafile->size + size] = '\n';
	bigger[cafile->size + size + 1] = '\0';
	cafile->pem = bigger;
	cafile->size += size + 1;
	return 0;
}

int cafile_append(struct cafile *cafile, const char *path, const char *what, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int result = 0;

	if (fd < 0)
		return err_set(err, ERR_USAGE, EINVAL, "cannot open %s '%s': %s", what, path,
			       strerrordesc_np(errno));
	if (fstat(fd, &status) != 0)
		result = -errno;
	else if (!S_ISREG(status.st_mode))
		result = -EISDIR;
	if (result == 0)
		result = append_fd(cafile, fd);
	close(fd);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result == -ENOMSG)
		return err_set(err, ERR_USAGE, EINVAL, "%s '%s' holds no PEM certificate", what,
			       path);
	if (result != 0)
		return err_set(err, ERR_USAGE, EINVAL, "cannot read %s '%s': %s", what, path,
			       result == -EISDIR ? "not a regular file" : strerrordesc_np(-result));
	return 0;
}

void cafile_clear(struct cafile *cafile)
{
	free(cafile->pem);
	cafile->pem = NULL;
	cafile->size = 0;
}
