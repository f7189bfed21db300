/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disk around the volume: partition tables, the small partitions, the VHD footer. */
#ifndef MKADE_DISK_H
#define MKADE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/mkade/util.h"

enum layout {
	LAYOUT_BARE,
	LAYOUT_MBR,
	LAYOUT_GPT,
};

#define PARTITIONS_MAX 3

struct partition {
	const char *type; /* as in the manifest: efi, msr, system, bitlocker */
	const char *name;
	struct guid type_guid, guid; /* GPT */
	uint64_t offset, size;	     /* bytes */
};

struct disk {
	enum layout layout;
	uint32_t sector_size;
	bool vhd;
	struct guid guid; /* of the GPT; its first four bytes are the signature in an MBR */
	struct partition part[PARTITIONS_MAX];
	unsigned int parts;
	uint64_t size; /* without the VHD footer */
	const char *system_path;
};

/* Lays out the partitions; the last one is for the BitLocker volume. */
void disk_plan(struct disk *d, uint64_t volume_size);
const struct partition *disk_volume(const struct disk *d);
const char *layout_name(enum layout layout);

/* All but the BitLocker volume. */
void disk_write(const struct disk *d, int fd);

/* Used by disk_write(). */
void gpt_write(const struct disk *d, int fd);
void efi_write(const struct partition *p, uint32_t sector_size, int fd);
void vhd_write_footer(const struct disk *d, int fd);

#endif
