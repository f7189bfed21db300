/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disk around the volume: see disk.h. Partitions are aligned to a MiB, as Windows does. */
#include "tests/mkade/disk/disk.h"
#include "tests/mkade/random.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MSR_SIZE      (16 * MIB)
#define MBR_TYPE_NTFS 0x07

static const struct guid guid_efi = {{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b,
				      0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}};
static const struct guid guid_msr = {{0x16, 0xe3, 0xc9, 0xe3, 0x5c, 0x0b, 0xb8, 0x4d, 0x81, 0x7d,
				      0xf9, 0x2d, 0xf0, 0x02, 0x15, 0xae}};
static const struct guid guid_basic = {{0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0,
					0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7}};

const char *layout_name(enum layout layout)
{
	static const char *const names[] = {"bare", "mbr", "gpt"};

	return names[layout];
}

static void add_part(struct disk *d, const char *type, const char *name, const struct guid *guid,
		     uint64_t size)
{
	struct partition *p = &d->part[d->parts++];

	p->type = type;
	p->name = name;
	p->type_guid = *guid;
	random_guid(&p->guid);
	p->offset = d->size;
	p->size = size;
	d->size += round_up(size, MIB);
}

static uint64_t system_size(const struct disk *d)
{
	int fd = open_read(d->system_path);
	uint64_t size = file_size(fd, d->system_path);

	close(fd);
	return round_up(size, d->sector_size);
}

/* The smallest that FAT32 allows: 65,525 clusters, here of one sector; with some to spare. */
static uint64_t efi_size(const struct disk *d)
{
	if (d->system_path)
		return system_size(d);
	return d->sector_size == 512 ? 40 * MIB : 264 * MIB;
}

void disk_plan(struct disk *d, uint64_t volume_size)
{
	random_guid(&d->guid);
	d->size = d->layout == LAYOUT_BARE ? 0 : MIB;
	if (d->layout == LAYOUT_MBR) {
		if (!d->system_path)
			die("--layout mbr needs --system FILE");
		add_part(d, "system", "System Reserved", &guid_basic, system_size(d));
	} else if (d->layout == LAYOUT_GPT) {
		add_part(d, "efi", "EFI system partition", &guid_efi, efi_size(d));
		add_part(d, "msr", "Microsoft reserved partition", &guid_msr, MSR_SIZE);
	}
	if (d->layout == LAYOUT_BARE) {
		add_part(d, "bitlocker", "volume", &guid_basic, volume_size);
		d->size = volume_size;
	} else {
		add_part(d, "bitlocker", "Basic data partition", &guid_basic, volume_size);
	}
	if (d->layout == LAYOUT_GPT)
		d->size += MIB; /* room for the backup table */
	if (d->vhd)
		d->size = round_up(d->size, MIB);
}

const struct partition *disk_volume(const struct disk *d)
{
	return &d->part[d->parts - 1];
}

static void copy_file(const char *path, int out, uint64_t base)
{
	int fd = open_read(path);
	uint64_t size = file_size(fd, path);
	uint8_t *buf = xalloc(MIB);

	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < MIB ? (size_t)(size - at) : MIB;

		pread_all(fd, buf, n, at);
		if (!all_zero(buf, n))
			pwrite_all(out, buf, n, base + at);
		at += n;
	}
	free(buf);
	close(fd);
}

static void mbr_write(const struct disk *d, int fd)
{
	uint8_t mbr[512] = {0xcd, 0x18, 0xeb, 0xfe}; /* no boot code: next device, or halt */

	memcpy(mbr + 440, d->guid.b, 4);
	for (unsigned int i = 0; i < d->parts; i++) {
		uint8_t *e = mbr + 446 + (size_t)16 * i;
		uint64_t start = d->part[i].offset / d->sector_size;
		uint64_t count = d->part[i].size / d->sector_size;

		if (start + count > UINT32_MAX)
			die("an MBR cannot hold a partition of this size");
		e[0] = i == 0 ? 0x80 : 0;
		memcpy(e + 1, "\xfe\xff\xff", 3); /* CHS: more than it can say */
		e[4] = MBR_TYPE_NTFS;
		memcpy(e + 5, "\xfe\xff\xff", 3);
		put32(e + 8, (uint32_t)start);
		put32(e + 12, (uint32_t)count);
	}
	put16(mbr + 510, 0xaa55);
	pwrite_all(fd, mbr, sizeof(mbr), 0);
}

void disk_write(const struct disk *d, int fd)
{
	if (ftruncate(fd, (off_t)(d->size + (d->vhd ? 512 : 0))) < 0)
		die("cannot make the disk %llu bytes long", (unsigned long long)d->size);
	if (d->layout == LAYOUT_MBR)
		mbr_write(d, fd);
	else if (d->layout == LAYOUT_GPT)
		gpt_write(d, fd);
	if (d->layout != LAYOUT_BARE && d->system_path)
		copy_file(d->system_path, fd, d->part[0].offset);
	else if (d->layout == LAYOUT_GPT)
		efi_write(&d->part[0], d->sector_size, fd);
	if (d->vhd)
		vhd_write_footer(d, fd);
}
