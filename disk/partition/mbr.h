/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A master boot record, or an extended one, which has the same form: a pure parser.
 *
 *   off size
 *     0 440  boot code
 *   440   4  disk signature, little-endian
 *   444   2  zero as a rule
 *   446  64  four entries of 16 bytes
 *   510   2  55 AA
 *
 *   entry:
 *     0   1  0x80 active, else 0
 *     1   3  cylinder, head, sector of its start: not used
 *     4   1  type, 0 is unused
 *     5   3  ... of its end: not used
 *     8   4  first sector, little-endian
 *    12   4  number of sectors, little-endian
 *
 * In an extended record the first entry counts from that record, the second, the link to the next
 * record, from the start of the whole extended partition. Sectors are logical ones: nothing says
 * how many bytes they have.
 */
#ifndef ADEFUSE_DISK_PARTITION_MBR_H
#define ADEFUSE_DISK_PARTITION_MBR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MBR_SIZE = 512,
	MBR_ENTRIES = 4,
};

enum mbr_type {
	MBR_TYPE_EMPTY = 0x00,
	MBR_TYPE_EXTENDED = 0x05,
	MBR_TYPE_EXTENDED_LBA = 0x0f,
	MBR_TYPE_EXTENDED_LINUX = 0x85,
	MBR_TYPE_PROTECTIVE = 0xee,
};

struct mbr_entry {
	uint8_t type;	  /* MBR_TYPE_EMPTY also when it has no sectors */
	uint32_t start;	  /* sectors; see above for what it counts from */
	uint32_t sectors; /* not 0 unless empty */
};

struct mbr {
	uint32_t disk_signature;
	struct mbr_entry entries[MBR_ENTRIES];
};

enum mbr_verdict {
	MBR_ABSENT,	 /* no 55 AA */
	MBR_NOT_A_TABLE, /* 55 AA, but an entry is neither active nor inactive: other boot code */
	MBR_TABLE,
};

/* `ret_mbr` is written for MBR_TABLE only; the table may still be empty. */
enum mbr_verdict mbr_parse(const uint8_t *data, size_t size, struct mbr *ret_mbr);

bool mbr_is_extended(uint8_t type);

/* Number of used entries that are not of the protective type. */
unsigned int mbr_count_ordinary(const struct mbr *mbr);

/* The entry that protects a GPT, or NULL. */
const struct mbr_entry *mbr_protective(const struct mbr *mbr);

#endif
