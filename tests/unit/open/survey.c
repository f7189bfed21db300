/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that cannot be read in places: a partition of which nobody can tell whether it is
 * encrypted is not shown as if it were plain.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "open/open.h"
#include "tests/tap.h"

enum {
	SECTOR = 512,
	DISK_SIZE = 1 << 20,
	FIRST = 64, /* sectors: where the partitions begin */
	SECOND = 1024,
};

static off_t broken = -1; /* where reads fail with EIO */

/* In place of libc's. */
ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
	if (broken >= offset && broken < offset + (off_t)length) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, buffer, length, offset);
}

static void put_entry(uint8_t *entry, uint8_t type, uint32_t start, uint32_t sectors)
{
	entry[4] = type;
	for (unsigned int i = 0; i < 4; i++) {
		entry[8 + i] = (uint8_t)(start >> (8 * i));
		entry[12 + i] = (uint8_t)(sectors >> (8 * i));
	}
}

static void make_disk(char *path)
{
	static uint8_t mbr[SECTOR];
	int fd = mkstemp(path);

	put_entry(mbr + 446, 7, FIRST, SECOND - FIRST);
	put_entry(mbr + 462, 7, SECOND, 512);
	mbr[510] = 0x55;
	mbr[511] = 0xaa;
	must(fd >= 0 && ftruncate(fd, DISK_SIZE) == 0);
	must(write(fd, mbr, sizeof(mbr)) == sizeof(mbr));
	must(close(fd) == 0);
}

static struct opened_disk *open_with(const char *path, off_t broken_at)
{
	struct opened_disk *disk = NULL;

	broken = broken_at;
	must(open_survey(&(struct open_request){.disk = path}, &disk, NULL) == 0);
	must(disk->count == 2);
	return disk;
}

int main(void)
{
	char path[] = "cli-survey.XXXXXX";
	struct opened_disk *disk;
	uint8_t byte;

	make_disk(path);
	disk = open_with(path, -1);
	ok(disk->volumes[0].plain && disk->volumes[1].plain, "all is readable: both are shown");
	opened_free(disk);
	disk = open_with(path, (off_t)SECOND * SECTOR + 100);
	ok(disk->volumes[0].plain != NULL, "a first sector is not: the other partition is shown");
	ok(!disk->volumes[1].plain, "  and this one is not");
	is(disk->volumes[1].reason.kind, ERR_DISK, "  for the disk's sake");
	ok(strstr(disk->volumes[1].reason.message, "cannot read the first sector"), "  as is told");
	opened_free(disk);
	disk = open_with(path, (off_t)SECOND * SECTOR + 70000);
	ok(disk->volumes[1].plain != NULL, "a later sector is not: it is shown");
	is(source_pread(disk->volumes[1].plain, &byte, 1, 70000), -EIO, "  but for that place");
	opened_free(disk);
	must(unlink(path) == 0);
	return tap_done();
}
