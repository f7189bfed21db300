/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fs/readahead: the device of a mount, by the kernel's list of mounts. */
#include "fs/readahead.h"

#include <errno.h>

#include "tests/tap.h"

static const char list[] =
	"22 27 0:20 / /sys rw,nosuid - sysfs sysfs rw\n"
	"27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
	"40 27 0:52 / /mnt/ade ro,nosuid,nodev - fuse.adefuse /disk.vhd ro,user_id=0\n"
	"41 27 0:53 / /mnt/a\\040b\\134c ro - fuse.adefuse x ro\n"
	"42 27 0:54 / /mnt/ade2 ro - fuse.adefuse x ro\n"
	"43 40 0:55 / /mnt/ade ro - fuse.adefuse y ro\n"
	"44 27 0:4294967296000000000000000000000000000000 / /mnt/large ro - fuse.adefuse y ro\n"
	"45 27 x:y / /mnt/odd ro - fuse.adefuse y ro\n"
	"46 27 0:56\n"
	"\n"
	"47 27 0:57 / /mnt/last";

static void test_found(const char *path, const char *device, const char *name)
{
	char found[READAHEAD_DEVICE_MAX] = "";

	ok(readahead_find_device(list, path, found) == (device != NULL) &&
		   strcmp(found, device ? device : "") == 0,
	   "%s (%s)", name, found);
}

int main(void)
{
	char found[READAHEAD_DEVICE_MAX] = "";

	test_found("/", "8:1", "the root");
	test_found("/mnt/ade", "0:55", "of two on one place the later one");
	test_found("/mnt/ade2", "0:54", "a longer name");
	test_found("/mnt/ad", NULL, "a part of a name");
	test_found("/mnt/a b\\c", "0:53", "spaces and backslashes");
	test_found("/mnt/a\\040b\\134c", NULL, "which are not meant as they stand");
	test_found("/mnt/large", NULL, "a device longer than any");
	test_found("/mnt/odd", NULL, "a line that is not understood");
	test_found("/mnt/last", "0:57", "a line that is cut off");
	test_found("", NULL, "no name");
	ok(!readahead_find_device("", "/", found), "an empty list");
	ok(readahead_device("/proc", found) && strncmp(found, "0:", 2) == 0, "this system's /proc");
	is(readahead_set("999:999"), -ENOENT, "a device that does not exist");
	return tap_done();
}
