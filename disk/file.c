/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A regular file or block device as a source; see file.h. */
#include "disk/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
	struct source head;
	int fd;
};

/* The kernel reads no more at once than this, rounded down. */
enum {
	READ_MAX = 1 << 30
};

/*
 * A file that shrinks while it is open gives 0 bytes past its new end: that is an error here, where
 * a mapping would raise SIGBUS and a careless loop would leave zeros.
 */
static int file_pread(struct source *source, void *buffer, size_t length, uint64_t offset)
{
	const struct file *file = (const struct file *)source;
	uint8_t *to = buffer;

	while (length > 0) {
		size_t part = length < READ_MAX ? length : READ_MAX;
		ssize_t got = pread(file->fd, to, part, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO;
		to += got;
		length -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

/*
 * Holes, as the file system reports them. Everything else is data, also past the end of a file that
 * shrank: SEEK_DATA answers the same for a hole at the end and for the end of the file, SEEK_HOLE
 * does not. Both change only the file position, which nothing here uses.
 */
static enum source_extent file_extent(struct source *source, uint64_t offset, uint64_t *ret_length)
{
	const struct file *file = (const struct file *)source;
	off_t hole = lseek(file->fd, (off_t)offset, SEEK_HOLE);
	struct stat status;
	off_t data;

	*ret_length = source->size - offset;
	if (hole < 0)
		return SOURCE_DATA;
	if ((uint64_t)hole > offset) {
		*ret_length = (uint64_t)hole - offset;
		return SOURCE_DATA;
	}
	data = lseek(file->fd, (off_t)offset, SEEK_DATA);
	if (data < 0 && errno == ENXIO && fstat(file->fd, &status) == 0)
		data = status.st_size;
	if (data < 0 || (uint64_t)data <= offset)
		return SOURCE_DATA;
	*ret_length = (uint64_t)data - offset;
	return SOURCE_ZERO;
}

static void file_close(struct source *source)
{
	struct file *file = (struct file *)source;

	close(file->fd);
	free(file);
}

static const struct source_ops file_ops = {
	.name = "file",
	.pread = file_pread,
	.extent = file_extent,
	.close = file_close,
};

static int refuse_open(const char *path, int errnum, struct err *err)
{
	struct stat status;
	bool is_device = stat(path, &status) == 0 && S_ISBLK(status.st_mode);

	err_errno(err, ERR_DISK, errnum, "cannot open '%s'", path);
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		err_hint(err, "check the path: it has to name an image file or a block device "
			      "such as /dev/sdc");
		break;
	case EACCES:
	case EPERM:
		if (is_device)
			err_hint(err, "run it as root, or join the group that may read the device "
				      "(often 'disk')");
		else
			err_hint(err, "check that you may read the file and enter the folders "
				      "above it");
		break;
	case ENXIO:
	case ENODEV:
	case ENOMEDIUM:
		err_hint(err, "a disk has to be an image file or a block device that is connected");
		break;
	default:
		break;
	}
	return -errnum;
}

static int refuse_type(const char *path, mode_t mode, struct err *err)
{
	if (S_ISDIR(mode)) {
		err_set(err, ERR_DISK, EISDIR, "'%s' is a directory, not a disk", path);
		err_hint(err, "name the image file or block device itself");
		return -EISDIR;
	}
	if (S_ISFIFO(mode)) {
		err_set(err, ERR_DISK, EINVAL, "'%s' is a pipe, not a disk", path);
		err_hint(err, "a disk is read at any place, not only from front to back: save the "
			      "stream to a file first");
		return -EINVAL;
	}
	err_set(err, ERR_DISK, EINVAL, "'%s' is neither a regular file nor a block device", path);
	err_hint(err, "name an image file or a block device such as /dev/sdc");
	return -EINVAL;
}

/* Size in bytes and, for a device, its logical sector size. */
static int measure(int fd, const char *path, uint64_t *ret_size, uint32_t *ret_sector_size,
		   struct err *err)
{
	struct stat status;
	uint64_t size = 0;
	int sector_size = 0;

	if (fstat(fd, &status) < 0)
		return err_errno(err, ERR_DISK, errno, "cannot examine '%s'", path);
	if (S_ISREG(status.st_mode)) {
		size = (uint64_t)status.st_size;
	} else if (S_ISBLK(status.st_mode)) {
		if (ioctl(fd, BLKGETSIZE64, &size) < 0)
			return err_errno(err, ERR_DISK, errno, "cannot get the size of '%s'", path);
		if (ioctl(fd, BLKSSZGET, &sector_size) < 0 || sector_size < 0)
			sector_size = 0;
	} else {
		return refuse_type(path, status.st_mode, err);
	}
	if (size == 0) {
		err_set(err, ERR_DISK, ENODATA, "'%s' is empty", path);
		err_hint(err, S_ISREG(status.st_mode)
				      ? "the copy or download may have failed: compare its size "
					"with the original"
				      : "the device has no medium, or is not connected");
		return -ENODATA;
	}
	*ret_size = size;
	*ret_sector_size = (uint32_t)sector_size;
	return 0;
}

int file_open(const char *path, struct source **ret_source, struct err *err)
{
	struct file *file;
	uint64_t size = 0;
	uint32_t sector_size = 0;
	int result;
	/* not blocking: a pipe would wait here for a writer; no effect on files and disks */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOATIME);

	/*
	 * the access time of evidence stays where the kernel allows that: to the owner and to root
	 */
	if (fd < 0 && errno == EPERM)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return refuse_open(path, errno, err);
	result = measure(fd, path, &size, &sector_size, err);
	if (result < 0) {
		close(fd);
		return result;
	}
	file = malloc(sizeof(*file));
	if (!file) {
		close(fd);
		return err_nomem(err);
	}
	source_init(&file->head, &file_ops, size, sector_size);
	file->fd = fd;
	*ret_source = &file->head;
	return 0;
}

int file_status(const struct source *source, struct stat *ret_status)
{
	if (source->ops != &file_ops)
		return -EINVAL;
	return fstat(((const struct file *)source)->fd, ret_status) == 0 ? 0 : -errno;
}
