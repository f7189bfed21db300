/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files: whole or not at all, whatever their size says; what is read from, and what is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/smallfile.h"
#include "tests/tap.h"

static char dir[] = "/tmp/adefuse-smallfile.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make(const char *name, size_t size)
{
	FILE *file = fopen(path_of(name), "we");

	for (size_t i = 0; file && i < size; i++)
		(void)fputc((int)(i % 251), file);
	if (file)
		(void)fclose(file);
}

static bool is_pattern(const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != i % 251)
			return false;
	}
	return true;
}

static void test_sizes(void)
{
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 65535, 65536};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct secret *content = NULL;

		make("file", sizes[i]);
		ok(smallfile_read(path_of("file"), 65536, true, &content) == 0 &&
			   secret_size(content) == sizes[i] &&
			   is_pattern(secret_bytes(content), sizes[i]),
		   "%zu bytes", sizes[i]);
		secret_free(content);
	}
}

static void test_bound(void)
{
	struct secret *content = NULL;
	char *text = NULL;
	size_t size = 0;
	int fd;

	make("file", 100);
	ok(smallfile_read(path_of("file"), 100, false, &content) == 0, "just as many as allowed");
	secret_free(content);
	content = NULL;
	ok(smallfile_read(path_of("file"), 99, false, &content) == -EFBIG && !content,
	   "one more than allowed");
	/* a file whose size says 0 */
	fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	ok(smallfile_read_plain(fd, 1 << 20, &text, &size) == 0 && size > 100 &&
		   strlen(text) == size,
	   "a file that says it has no bytes is read all the same");
	free(text);
	(void)close(fd);
	fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	text = NULL;
	ok(smallfile_read_plain(fd, 100, &text, &size) == -EFBIG && !text, "and bounded as well");
	(void)close(fd);
}

static void *write_slowly(void *argument)
{
	const int *fd = argument;

	for (int i = 0; i < 10000; i++) {
		unsigned char byte = (unsigned char)(i % 251);

		if (write(*fd, &byte, 1) != 1)
			break;
	}
	(void)close(*fd);
	return NULL;
}

static void test_pipe(void)
{
	struct secret *content = NULL;
	pthread_t writer;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0 ||
	    pthread_create(&writer, NULL, write_slowly, &ends[1]) != 0) {
		ok(false, "a pipe");
		return;
	}
	ok(smallfile_read_fd(ends[0], 10000, &content) == 0 && secret_size(content) == 10000 &&
		   is_pattern(secret_bytes(content), 10000),
	   "a pipe, byte by byte to its end");
	pthread_join(writer, NULL);
	secret_free(content);
	(void)close(ends[0]);
}

static void test_kinds(void)
{
	struct secret *content = NULL;
	char link[128];

	make("file", 10);
	(void)snprintf(link, sizeof(link), "%s/link", dir);
	ok(symlink("file", link) == 0 && smallfile_read(link, 100, true, &content) == -ELOOP,
	   "a symbolic link is refused when strict");
	ok(smallfile_read(link, 100, false, &content) == 0, "  and followed otherwise");
	secret_free(content);
	content = NULL;
	ok(mkfifo(path_of("fifo"), 0600) == 0 &&
		   smallfile_read(path_of("fifo"), 100, false, &content) == -EINVAL,
	   "a FIFO is not waited for");
	ok(smallfile_read(dir, 100, false, &content) == -EINVAL, "a directory");
	ok(smallfile_read(path_of("nothing"), 100, false, &content) == -ENOENT, "no such file");
	(void)unlink(link);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 99;
	test_sizes();
	test_bound();
	test_pipe();
	test_kinds();
	(void)unlink(path_of("file"));
	(void)unlink(path_of("fifo"));
	(void)rmdir(dir);
	return tap_done();
}
