/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files, block devices and streams to write to; see output.h. */
#include "export/output.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text/units.h"
#include "base/zeros.h"
#include "export/evidence.h"

enum {
	ZEROS_SIZE = 1 << 20,
	PIPE_ROOM = 1 << 20,	/* what an unprivileged pipe may hold: fewer, longer writes */
	SAMPLE_SIZE = 64 << 10, /* from the start of a device: partition tables, most volumes */
};

static const uint8_t zeros[ZEROS_SIZE];

/* --------------------------------------------------------------- examining */

static int refuse_evidence(const struct output *output, const char *path, enum evidence relation,
			   struct err *err)
{
	const char *disk = output->disk_path;

	switch (relation) {
	case EVIDENCE_APART:
		return 0;
	case EVIDENCE_SAME:
		err_set(err, ERR_USAGE, EINVAL,
			"'%s' is the disk '%s' itself, which is never written", path, disk);
		break;
	case EVIDENCE_ABOVE:
		err_set(err, ERR_USAGE, EINVAL,
			"'%s' lies on the disk '%s', which is never written", path, disk);
		break;
	case EVIDENCE_BELOW:
		err_set(err, ERR_USAGE, EINVAL, "the disk '%s' lies on '%s': it is never written",
			disk, path);
		break;
	}
	err_hint(err, "name a file or device that shares nothing with the disk");
	return -EINVAL;
}

static int check_status(const struct output *output, const char *path, const struct stat *status,
			struct err *err)
{
	return refuse_evidence(output, path, evidence_relation(&output->disk, status), err);
}

int output_check_beside(const struct output *output, const char *path, struct err *err)
{
	struct stat status;

	return stat(path, &status) == 0 ? check_status(output, path, &status, err) : 0;
}

static int refuse_directory(const char *path, struct err *err)
{
	err_set(err, ERR_USAGE, EISDIR, "'%s' is a directory", path);
	err_hint(err, "name the file to write: '%s%sdisk.raw'", path,
		 path[strlen(path) - 1] == '/' ? "" : "/");
	return -EISDIR;
}

static int take_kind(struct output *output, const struct stat *status, struct err *err)
{
	mode_t mode = status->st_mode;

	output->present = S_ISREG(mode) && status->st_size > 0;
	if (S_ISDIR(mode))
		return refuse_directory(output->path, err);
	if (S_ISREG(mode))
		output->kind = OUTPUT_FILE;
	else if (S_ISBLK(mode))
		output->kind = OUTPUT_DEVICE;
	else if (S_ISFIFO(mode) || S_ISCHR(mode))
		output->kind = OUTPUT_STREAM;
	else
		return err_set(err, ERR_USAGE, EINVAL, "'%s' is not a file, block device or pipe",
			       output->path);
	return check_status(output, output->path, status, err);
}

/* A file that standard output is redirected to is written as a stream. */
static int examine_stdout(struct output *output, struct err *err)
{
	struct stat status;
	int result;

	output->path = "standard output";
	output->to_stdout = true;
	if (fstat(STDOUT_FILENO, &status) != 0)
		return err_errno(err, ERR_OTHER, errno, "standard output cannot be written");
	if (isatty(STDOUT_FILENO)) {
		err_set(err, ERR_USAGE, EINVAL, "a disk is not written to a terminal");
		err_hint(err, "redirect standard output to a file or a pipe");
		return -EINVAL;
	}
	result = take_kind(output, &status, err);
	output->kind = OUTPUT_STREAM;
	return result;
}

/* A new file must not be on the disk's own file system: look at the folder that it is created in.
 */
static int examine_parent(const struct output *output, struct err *err)
{
	const char *slash = strrchr(output->path, '/');
	char *folder CLEANUP(free) =
		slash ? strndup(output->path,
				slash == output->path ? 1 : (size_t)(slash - output->path))
		      : strdup(".");
	struct stat status;

	if (!folder)
		return err_nomem(err);
	if (stat(folder, &status) != 0)
		return 0; /* open() reports it */
	return check_status(output, output->path, &status, err);
}

int output_examine(const char *path, const char *disk_path, const struct stat *disk,
		   struct output *ret_output, struct err *err)
{
	struct output output = {.path = path, .disk_path = disk_path, .disk = *disk, .fd = -1};
	struct stat status;
	int result;

	if (strcmp(path, "-") == 0)
		result = examine_stdout(&output, err);
	else if (stat(path, &status) == 0)
		result = take_kind(&output, &status, err);
	else
		result = examine_parent(&output, err);
	if (result == 0)
		*ret_output = output;
	return result;
}

/* ------------------------------------------------------------------ opening */

static int refuse_open(const struct output *output, int errnum, struct err *err)
{
	err_errno(err, errnum == EINTR ? ERR_OTHER : ERR_USAGE, errnum, "cannot write to '%s'",
		  output->path);
	if (errnum == EBUSY)
		err_hint(err, "it is mounted or in use: unmount it, if it is the right one");
	else if (errnum == ENOENT)
		err_hint(err, "create the folder first");
	else if (errnum == EACCES || errnum == EPERM)
		err_hint(err, "check that you may write there; a block device needs root");
	else if (errnum == EEXIST)
		err_hint(err, "it is probably a dangling link: remove it, or name its target");
	return -errnum;
}

static int refuse_device(const struct output *output, uint64_t size, bool force, struct err *err)
{
	static uint8_t start[SAMPLE_SIZE];
	uint64_t room = 0;

	if (ioctl(output->fd, BLKGETSIZE64, &room) < 0)
		return err_errno(err, ERR_OTHER, errno, "cannot get the size of '%s'",
				 output->path);
	if (room < size) {
		err_set(err, ERR_USAGE, ENOSPC, "'%s' has %s, less than the %s to be written",
			output->path, units_size(room).text, units_size(size).text);
		err_hint(err, "name a larger device, or a file");
		return -ENOSPC;
	}
	if (force || room < SAMPLE_SIZE)
		return 0;
	if (output_read(output, start, SAMPLE_SIZE, 0) == 0 && zeros_all(start, SAMPLE_SIZE))
		return 0;
	err_set(err, ERR_USAGE, EEXIST, "the device '%s' is not empty", output->path);
	err_hint(err, "use --force to overwrite all that is on it");
	return -EEXIST;
}

/* Judge what is open now: the name may refer to something else than it did. */
static int check_open(struct output *output, struct err *err)
{
	struct stat status;
	enum output_kind kind = output->kind;
	bool present = output->present;
	int result;

	if (fstat(output->fd, &status) != 0)
		return err_errno(err, ERR_OTHER, errno, "cannot examine '%s'", output->path);
	result = take_kind(output, &status, err);
	if (result < 0)
		return result;
	if (output->kind != kind || (output->present && !present))
		return err_set(err, ERR_USAGE, EBUSY, "'%s' was replaced in the meantime",
			       output->path);
	if (kind == OUTPUT_FILE && flock(output->fd, LOCK_EX | LOCK_NB) != 0 &&
	    errno == EWOULDBLOCK) {
		err_set(err, ERR_USAGE, EBUSY, "another process is writing '%s'", output->path);
		err_hint(err, "wait for it to end, or end it");
		return -EBUSY;
	}
	output->end = kind == OUTPUT_FILE ? (uint64_t)status.st_size : 0;
	return 0;
}

static int open_path(const struct output *output)
{
	int flags = O_CLOEXEC | O_NOCTTY;
	struct stat status;

	if (output->kind == OUTPUT_STREAM)
		return open(output->path, flags | O_WRONLY);
	/* read back too, to resume and to verify */
	flags |= O_RDWR;
	if (output->kind == OUTPUT_DEVICE)
		return open(output->path, flags | O_EXCL);
	if (stat(output->path, &status) == 0)
		return open(output->path, flags);
	return open(output->path, flags | O_CREAT | O_EXCL, 0600);
}

int output_open(struct output *output, uint64_t size, uint64_t keep, bool force, struct err *err)
{
	int result = 0;

	if (output->to_stdout)
		output->fd = STDOUT_FILENO;
	else
		output->fd = open_path(output);
	if (output->fd < 0)
		return refuse_open(output, errno, err);
	if (output->kind == OUTPUT_STREAM) {
		(void)fcntl(output->fd, F_SETPIPE_SZ,
			    PIPE_ROOM); /* fails harmlessly where it is no pipe */
		return 0;
	}
	result = check_open(output, err);
	if (result == 0 && output->kind == OUTPUT_DEVICE)
		result = refuse_device(output, size, force || keep > 0, err);
	if (result == 0 && output->kind == OUTPUT_FILE && output->end > keep) {
		if (ftruncate(output->fd, (off_t)keep) != 0)
			return output_failed(output, errno, err);
		output->end = keep;
	}
	return result;
}

void output_close(struct output *output)
{
	if (output->fd > STDERR_FILENO)
		(void)close(output->fd);
	output->fd = -1;
}

/* ------------------------------------------------------------------ writing */

static int write_all(const struct output *output, const uint8_t *data, size_t length,
		     uint64_t offset)
{
	while (length > 0) {
		ssize_t wrote;

		/* else it would wait for ever for a pipe that nobody empties */
		if (output->kind == OUTPUT_STREAM && callbacks_stop(output->callbacks))
			return -EINTR;
		wrote = output->kind == OUTPUT_STREAM
				? write(output->fd, data, length)
				: pwrite(output->fd, data, length, (off_t)offset);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -errno;
		data += wrote;
		length -= (size_t)wrote;
		offset += (uint64_t)wrote;
	}
	return 0;
}

int output_write(struct output *output, const uint8_t *data, size_t length, uint64_t offset)
{
	int result = write_all(output, data, length, offset);

	if (result == 0 && offset + length > output->end)
		output->end = offset + length;
	return result;
}

/* A device that can do this reads as zeros then, without any being sent to it. */
static bool punch(struct output *output, uint64_t length, uint64_t offset)
{
	if (output->no_punch)
		return false;
	if (fallocate(output->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
		      (off_t)length) == 0)
		return true;
	output->no_punch = true;
	return false;
}

int output_zeros(struct output *output, uint64_t length, uint64_t offset)
{
	int result = 0;

	if (output->kind == OUTPUT_FILE) {
		/* nothing is after the end: the end moves and leaves a hole */
		if (offset + length > output->end) {
			if (ftruncate(output->fd, (off_t)(offset + length)) != 0)
				return -errno;
			output->end = offset + length;
		}
		return 0;
	}
	if (output->kind == OUTPUT_DEVICE && punch(output, length, offset))
		return 0;
	while (length > 0 && result == 0) {
		size_t part = length < ZEROS_SIZE ? (size_t)length : ZEROS_SIZE;

		result = callbacks_stop(output->callbacks) ? -EINTR
							   : write_all(output, zeros, part, offset);
		offset += part;
		length -= part;
	}
	return result;
}

void output_cut(struct output *output, uint64_t end)
{
	struct stat status;

	/* also what the failed call wrote */
	if (output->kind == OUTPUT_FILE && fstat(output->fd, &status) == 0 &&
	    (uint64_t)status.st_size > end && ftruncate(output->fd, (off_t)end) == 0)
		output->end = end;
}

int output_read(const struct output *output, uint8_t *buffer, size_t length, uint64_t offset)
{
	while (length > 0) {
		ssize_t got = pread(output->fd, buffer, length, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		buffer += got;
		length -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

int output_failed(const struct output *output, int errnum, struct err *err)
{
	if (errnum == EPIPE) {
		err_set(err, ERR_OTHER, EPIPE, "the reader of %s exited before the copy finished",
			output->path);
		err_hint(err, "check why it exited: its own message may say so");
		return -EPIPE;
	}
	err_errno(err, ERR_OTHER, errnum, "cannot write to '%s'", output->path);
	if (errnum == ENOSPC || errnum == EDQUOT)
		err_hint(err, output->kind == OUTPUT_STREAM
				      ? "free some space there and start again"
				      : "free some space there and run the same command again: it "
					"continues where it stopped");
	else if (errnum == EFBIG)
		err_hint(err, "its file system, or ulimit -f, allows no larger file (FAT: 4 GiB)");
	else if (errnum == EIO)
		err_hint(err, "the medium is failing: write to another one");
	return -errnum;
}
