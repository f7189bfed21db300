/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds what; see evidence.h. */
#include "export/evidence.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 16, /* of devices on devices; nobody builds more */
	PATH_SIZE = 4096,
};

/* A file, or a block device by its number. */
struct node {
	bool is_device;
	dev_t device; /* its own, or that of the file system */
	ino_t inode;
};

static struct node node_of(const struct stat *status)
{
	if (S_ISBLK(status->st_mode))
		return (struct node){.is_device = true, .device = status->st_rdev};
	return (struct node){.device = status->st_dev, .inode = status->st_ino};
}

static bool equal(const struct node *a, const struct node *b)
{
	return a->is_device == b->is_device && a->device == b->device && a->inode == b->inode;
}

static bool holds(const struct node *node, const struct node *wanted, unsigned int depth);

/* The first line of a file of /sys, without its line end. */
static bool read_line(const char *path, char *ret_line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool good;

	if (!file)
		return false;
	good = fgets(ret_line, (int)size, file) != NULL;
	(void)fclose(file);
	if (good)
		ret_line[strcspn(ret_line, "\n")] = '\0';
	return good;
}

/* Whether the device whose number is in this file is `wanted`, or lies on it. */
static bool device_holds(const char *path, const struct node *wanted, unsigned int depth)
{
	struct node node = {.is_device = true};
	unsigned long number;
	char line[64];
	char *end;

	/* "8:17" */
	if (!read_line(path, line, sizeof(line)))
		return false;
	number = strtoul(line, &end, 10);
	if (*end != ':')
		return false;
	node.device = makedev((unsigned int)number, (unsigned int)strtoul(end + 1, NULL, 10));
	return holds(&node, wanted, depth);
}

static bool slaves_hold(const char *folder, const struct node *wanted, unsigned int depth)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	bool found = false;
	DIR *directory;

	(void)snprintf(path, sizeof(path), "%s/slaves", folder);
	directory = opendir(path);
	if (!directory)
		return false;
	while (!found && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/slaves/%s/dev", folder, entry->d_name);
		found = device_holds(path, wanted, depth);
	}
	(void)closedir(directory);
	return found;
}

static bool loop_file_holds(const char *folder, const struct node *wanted, unsigned int depth)
{
	char path[PATH_SIZE];
	char name[PATH_SIZE];
	struct stat status;
	struct node node;

	(void)snprintf(path, sizeof(path), "%s/loop/backing_file", folder);
	if (!read_line(path, name, sizeof(name)) || stat(name, &status) != 0)
		return false;
	node = node_of(&status);
	return holds(&node, wanted, depth);
}

static bool under_device_holds(dev_t device, const struct node *wanted, unsigned int depth)
{
	char folder[64];
	char path[PATH_SIZE];

	(void)snprintf(folder, sizeof(folder), "/sys/dev/block/%u:%u", major(device),
		       minor(device));
	(void)snprintf(path, sizeof(path), "%s/partition", folder);
	if (access(path, F_OK) == 0) {
		(void)snprintf(path, sizeof(path), "%s/../dev", folder);
		if (device_holds(path, wanted, depth))
			return true;
	}
	return slaves_hold(folder, wanted, depth) || loop_file_holds(folder, wanted, depth);
}

/* Whether `wanted` is this node or something that it lies on. */
static bool holds(const struct node *node, const struct node *wanted, unsigned int depth)
{
	struct node device = {.is_device = true, .device = node->device};

	if (equal(node, wanted))
		return true;
	if (depth == DEPTH_MAX)
		return false;
	if (!node->is_device)
		return holds(&device, wanted, depth + 1);
	return under_device_holds(node->device, wanted, depth + 1);
}

enum evidence evidence_relation(const struct stat *disk, const struct stat *out)
{
	struct node disk_node = node_of(disk);
	struct node out_node = node_of(out);

	if (equal(&disk_node, &out_node))
		return EVIDENCE_SAME;
	if (holds(&out_node, &disk_node, 0))
		return EVIDENCE_ABOVE;
	return holds(&disk_node, &out_node, 0) ? EVIDENCE_BELOW : EVIDENCE_APART;
}
