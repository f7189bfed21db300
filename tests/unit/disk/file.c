/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk/file: what is opened, what is refused and in which words, a file that shrinks under us. */
#include "disk/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/tap.h"

static char folder[] = "disk-file.XXXXXX";

static void write_file(const char *path, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint8_t data[4096];

	must(fd >= 0);
	memset(data, 0x42, sizeof(data));
	must(size <= sizeof(data) && write(fd, data, size) == (ssize_t)size);
	must(close(fd) == 0);
}

static void refused(const char *path, int errnum, const char *message, const char *hint)
{
	struct source *source = NULL;
	struct err err = {0};

	is(file_open(path, &source, &err), -errnum, "%s: refused", path);
	ok(!source, "%s: no source", path);
	is(err.kind, ERR_DISK, "%s: kind", path);
	if (!ok(strstr(err.message, message), "%s: says '%s'", path, message))
		printf("# message: %s\n", err.message);
	if (!ok(strstr(err.hint, hint), "%s: hints '%s'", path, hint))
		printf("# hint: %s\n", err.hint);
}

static void test_refusals(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	refused("missing", ENOENT, "cannot open 'missing': No such file", "check the path");
	refused("missing\033[31m", ENOENT, "'missing?[31m'", "check the path");
	write_file("full", 4096);
	refused("full/x", ENOTDIR, "Not a directory", "check the path");
	write_file("empty", 0);
	refused("empty", ENODATA, "'empty' is empty", "compare its size");
	refused(".", EISDIR, "'.' is a directory", "name the image file");
	must(mkfifo("pipe", 0600) == 0);
	refused("pipe", EINVAL, "'pipe' is a pipe", "save the stream to a file");
	refused("/dev/null", EINVAL, "neither a regular file nor a block device", "name an image");
	must(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	refused("socket", ENXIO, "cannot open 'socket'", "image file or a block device");
	close(fd);
	must(symlink("loop", "loop") == 0);
	refused("loop", ELOOP, "cannot open 'loop'", "");
}

/* Root may read everything, so the process is somebody else meanwhile. */
static void test_permission(void)
{
	write_file("secret", 10);
	must(chmod("secret", 0) == 0);
	if (geteuid() == 0) {
		must(chmod(".", 0755) == 0);
		must(seteuid(65534) == 0);
	}
	refused("secret", EACCES, "Permission denied", "check that you may read");
	if (getuid() == 0)
		must(seteuid(0) == 0);
}

static void test_shrinks(void)
{
	struct source *source = NULL;
	uint8_t data[4096];

	write_file("shrinks", 4096);
	must(file_open("shrinks", &source, NULL) == 0);
	is(source->size, 4096, "size of a file");
	is(source->sector_size, 0, "its sector size is not known");
	must(truncate("shrinks", 1000) == 0);
	is(source_pread(source, data, 1000, 0), 0, "what is left can be read");
	is(source_pread(source, data, 1001, 0), -EIO, "across the new end: an error");
	is(source_pread(source, data, 1, 3000), -EIO, "past the new end: an error, no zeros");
	is(source->size, 4096, "the size stays");
	source_unref(source);
}

static void test_descriptor(void)
{
	struct source *source = NULL;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int next;

	must(fd >= 0);
	close(fd);
	write_file("plain", 100);
	must(file_open("plain", &source, NULL) == 0);
	/* the lowest free descriptor is the one it took */
	is(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY, "opened for reading only");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "not inherited by programs");
	source_unref(source);
	next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	is(next, fd, "closed with the source");
	close(next);
}

/* A loop device over a file, where there are such devices and we may. */
static void test_device(void)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number = control >= 0 ? ioctl(control, LOOP_CTL_GET_FREE) : -1;
	struct loop_config config = {0};
	struct source *source = NULL;
	char path[32];
	int device;
	int file;

	if (control >= 0)
		close(control);
	(void)snprintf(path, sizeof(path), "/dev/loop%d", number);
	device = number >= 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	write_file("device", 4096);
	file = open("device", O_RDONLY | O_CLOEXEC);
	must(file >= 0);
	config.fd = (uint32_t)file;
	config.block_size = 4096;
	config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
	if (device < 0 || ioctl(device, LOOP_CONFIGURE, &config) < 0) {
		ok(true, "block device # SKIP no loop device: %s", strerrordesc_np(errno));
	} else {
		uint8_t data[10];

		must(file_open(path, &source, NULL) == 0);
		is(source->size, 4096, "size of a block device");
		is(source->sector_size, 4096, "sector size of a block device");
		ok(source_pread(source, data, 10, 4086) == 0 && data[9] == 0x42,
		   "unaligned read of a block device");
		is(source_pread(source, data, 10, 4087), -EINVAL, "past its end");
		source_unref(source);
		(void)ioctl(device, LOOP_CLR_FD, 0);
	}
	if (device >= 0)
		close(device);
	close(file);
}

int main(void)
{
	must(mkdtemp(folder));
	must(chdir(folder) == 0);
	test_refusals();
	test_permission();
	test_shrinks();
	test_descriptor();
	test_device();
	must(chdir("..") == 0);
	{
		static const char *const names[] = {"full",    "empty", "pipe",	  "socket", "loop",
						    "shrinks", "plain", "device", "secret"};
		char path[64];

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
			(void)unlink(path);
		}
	}
	ok(rmdir(folder) == 0, "nothing is left");
	return tap_done();
}
