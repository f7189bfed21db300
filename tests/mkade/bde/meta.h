/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boot sector and the metadata block of a BitLocker volume (format version 2; vista.h: 1). */
#ifndef MKADE_META_H
#define MKADE_META_H

#include "tests/mkade/bde/protector.h"

#define META_BLOCK_SIZE 65536u
#define META_COPIES	3

enum fve_state {
	STATE_DECRYPTED = 1,
	STATE_SWITCHING = 2, /* interrupted: the bytes at the watermark are neither */
	STATE_PAUSED = 3,
	STATE_ENCRYPTED = 4,
	STATE_SWITCHING_SMALL = 5,
};

struct meta {
	const struct method *method;
	struct guid volume_guid;
	const char *description;
	uint16_t state, next_state; /* enum fve_state, or what no Windows writes */
	uint64_t encrypted_size;    /* the watermark: ciphertext below, plaintext from there on */
	bool has_watermark;	    /* encrypted_size was asked for */
	uint32_t conversion_size;   /* bytes from the watermark on that are being converted */
	bool togo;
	bool vista; /* format version 1; there is no relocated header then */
	bool auto_unlock;
	uint32_t sector_size, cluster_sectors;
	uint64_t partition_start; /* sectors from the start of the disk */
	uint64_t volume_size;
	uint64_t mft_mirror;	 /* cluster of $MFTMirr */
	uint32_t header_sectors; /* of the file system's start, kept at header_offset */
	uint64_t header_offset;
	uint64_t copy_offset[META_COPIES];
	bool eow;		/* bitmaps say what is ciphertext: eow.h */
	uint64_t eow_offset[2]; /* of their descriptor */
	uint64_t filetime;
	uint8_t vmk[VMK_LEN], fvek[FVEK_MAX];
	struct protector *protectors;
};

extern const uint8_t fve_signature[8];
extern const struct guid fve_guid, fve_eow_guid;

/* One block; the three copies on a volume are the same. Stretches every password: seconds. */
void meta_build_block(const struct meta *m, uint8_t ret_block[META_BLOCK_SIZE]);

/* boot: the file system's own first sector, of which a To Go volume keeps the FAT parameters. */
void meta_build_boot(const struct meta *m, const uint8_t boot[512], uint8_t ret_boot[512]);

#endif
