/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boot sector and the metadata block of a BitLocker volume (format version 2; vista.h: 1). */
#ifndef MKADE_META_H
#define MKADE_META_H

#include "tests/mkade/bde/plan.h"

/* One block; the three copies on a volume are the same. Stretches every password: seconds. */
void meta_build_block(const struct meta *m, uint8_t ret_block[META_BLOCK_SIZE]);

/* boot: the file system's own first sector, of which a To Go volume keeps the FAT parameters. */
void meta_build_boot(const struct meta *m, const uint8_t boot[512], uint8_t ret_boot[512]);

#endif
