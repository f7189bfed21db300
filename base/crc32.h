/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CRC-32 as Ethernet, GPT and BitLocker have it: reflected polynomial 0xedb88320, all ones before
 * and inverted after. For headers and tables of some kilobytes, not for bulk data.
 */
#ifndef ADEFUSE_BASE_CRC32_H
#define ADEFUSE_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_compute(const void *data, size_t size);

/* The same with the four bytes at `field`, where the CRC itself is stored, taken as zeros. */
uint32_t crc32_compute_without(const void *data, size_t size, size_t field);

/*
 * The same over several pieces: start with 0, hand each result to the next call; the last one is
 * the CRC of all.
 */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);

#endif
