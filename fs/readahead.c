/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's read-ahead; see readahead.h. */
#include "fs/readahead.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* A field of the list up to a space, with \ooo for spaces and the like, is `path`. */
static bool is_path(const char *field, const char *path)
{
	while (*field && *field != ' ') {
		char byte = *field++;

		if (byte == '\\' && strspn(field, "01234567") >= 3) {
			byte = (char)((field[0] - '0') << 6 | (field[1] - '0') << 3 |
				      (field[2] - '0'));
			field += 3;
		}
		if (byte != *path++)
			return false;
	}
	return *path == '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT PATH ..." */
static bool parse_line(const char *line, const char *path, char ret_device[READAHEAD_DEVICE_MAX])
{
	char device[READAHEAD_DEVICE_MAX];
	int end = 0;
	int used = 0;

	if (sscanf(line, "%*u %*u %31[0-9:]%n %*s %n", device, &end, &used) < 1 || used == 0 ||
	    line[end] != ' ' || !is_path(line + used, path))
		return false;
	memcpy(ret_device, device, sizeof(device));
	return true;
}

bool readahead_find_device(const char *list, const char *path,
			   char ret_device[READAHEAD_DEVICE_MAX])
{
	bool found = false;

	/* the last one is on top of the others */
	while (*list) {
		const char *end = strchrnul(list, '\n');

		found = parse_line(list, path, ret_device) || found;
		list = *end ? end + 1 : end;
	}
	return found;
}

bool readahead_device(const char *path, char ret_device[READAHEAD_DEVICE_MAX])
{
	FILE *list = fopen("/proc/self/mountinfo", "re");
	char *line CLEANUP(free) = NULL;
	size_t size = 0;
	bool found = false;

	if (!list)
		return false;
	while (getline(&line, &size, list) > 0)
		found = readahead_find_device(line, path, ret_device) || found;
	(void)fclose(list);
	return found;
}

static void setting_path(const char *device, char *ret_path, size_t size)
{
	(void)snprintf(ret_path, size, "/sys/class/bdi/%s/read_ahead_kb", device);
}

bool readahead_permitted(const char *device)
{
	char path[96];

	setting_path(device, path, sizeof(path));
	if (access(path, W_OK) == 0)
		return true;
	log_info("the read-ahead stays at the system's default (%s); as root, 'echo %d > %s' makes "
		 "sequential reads faster",
		 strerrordesc_np(errno), READAHEAD_KIB, path);
	return false;
}

int readahead_set(const char *device)
{
	char path[96];
	int result = 0;
	int fd;

	setting_path(device, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%d", READAHEAD_KIB) < 0)
		result = -errno;
	(void)close(fd);
	return result;
}
