/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first sector of a BitLocker volume: what kind it is, and where the metadata copies are. */
#ifndef ADEFUSE_BDE_FORMAT_BOOT_H
#define ADEFUSE_BDE_FORMAT_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text/guid.h"

enum {
	BOOT_SIZE = 512
};

enum boot_kind {
	BOOT_NORMAL,
	BOOT_EOW,     /* encrypt-on-write: a bitmap says what is encrypted */
	BOOT_VISTA,   /* format version 1 */
	BOOT_UNKNOWN, /* assumed to have the layout of the normal one */
};

struct boot {
	enum boot_kind kind;
	bool to_go;
	struct guid guid; /* of the kind; zero for BOOT_VISTA */
	uint32_t sector_size;
	uint64_t offsets[3];   /* of the metadata; BOOT_VISTA knows the first only */
	uint64_t eow[2];       /* of the EOW descriptor; BOOT_EOW only */
	struct guid volume_id; /* not from the boot sector: the volume whose metadata is wanted;
				  zero: any */
};

/* Whether these 512 bytes say BitLocker. */
bool boot_is_bitlocker(const uint8_t data[BOOT_SIZE]);

/* -ENOTSUP with err filled (ERR_DISK) for a sector size that BitLocker cannot have. */
int boot_parse(const uint8_t data[BOOT_SIZE], struct boot *ret_boot, struct err *err);

#endif
