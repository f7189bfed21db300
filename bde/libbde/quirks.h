/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What libbde is known to do wrong, and what is done about it: volumes that it would open and give
 * wrong bytes of are refused, and what it misreads is shown to it otherwise (quirks.c says what).
 *
 * Threads: quirks_read() under the caller's lock, the rest while one thread opens the volume.
 */
#ifndef ADEFUSE_BDE_LIBBDE_QUIRKS_H
#define ADEFUSE_BDE_LIBBDE_QUIRKS_H

#include <libbde.h>
#include <stdbool.h>

#include "bde/libbde/bfio.h"
#include "bde/metadata.h"

/* What libbde reads wrongly of a volume in Vista's format. */
struct quirks {
	size_t count;		    /* 0: not Vista's format */
	struct bfio_field right[2]; /* of the plaintext: what has to be there */
};

/* -ENOTSUP with err (ERR_DISK): libbde would give wrong bytes of this volume. */
int quirks_check(const struct bde_metadata *metadata, struct err *err);

/*
 * Before libbde opens the volume: fill the fields of `io` that it is shown, and what has to be put
 * right in what it reads. 0, or -errno with err (ERR_DISK) when the volume cannot be read.
 */
int quirks_prepare(struct bfio *io, const struct bde_info *info, struct quirks *ret_quirks,
		   struct err *err);

/* Once it is open. */
void quirks_opened(struct bfio *io);

/* Read, in sectors of `sector_size`. False: libbde cannot. */
bool quirks_read(libbde_volume_t *volume, uint32_t sector_size, uint8_t *buffer, size_t length,
		 uint64_t offset);

/* Put what was read right. */
void quirks_correct(const struct quirks *quirks, uint8_t *buffer, size_t length, uint64_t offset);

/* Whether the plaintext's last sector is a copy of its first, as NTFS has it. */
bool quirks_ends_with_boot_sector(struct source *plain, const struct bde_info *info);

#endif
