/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The boot sector and the metadata block of a BitLocker volume, as Windows 7 to 11 write them.
 * Offsets in a block:
 *
 *      0  "-FVE-FS-", u16 size/16 of all that the CRC covers, u16 version 2,
 *     12  u16 state, u16 next state, u64 encrypted volume size, u32 conversion size,
 *     28  u32 sectors of the relocated header, u64 offsets of the three copies,
 *     56  u64 offset of the relocated header
 *     64  u32 size of the data set, u32 1, u32 48, u32 size again, GUID of the volume,
 *         u32 next nonce counter, u16 method, u16 preferred method, u64 FILETIME
 *    112  datums, zeros up to a multiple of 16
 *   then  u16 bytes left of the block, u16 2, u32 CRC-32, and a CCM datum: the SHA-256 of what
 *         the CRC covers, under the VMK
 */
#include "tests/mkade/bde/meta.h"
#include "tests/mkade/bde/vista.h"
#include "tests/mkade/random.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_HEADER   64
#define DATASET_HEADER 48
#define ICE_AREA       0x10000u /* reserved by Windows 10 after the relocated header, unused */

static void write_virtualization(struct buf *b, const struct meta *m)
{
	size_t mark = datum_begin(b, ROLE_VIRTUALIZATION, TYPE_VIRTUALIZATION, 1);
	uint64_t size = (uint64_t)m->header_sectors * m->sector_size;

	buf_u64(b, m->header_offset);
	buf_u64(b, size);
	/* What follows came with Windows 8 and grew with it: this is its version 5. */
	buf_u16(b, 5);
	buf_u16(b, 76);
	buf_u32(b, 0);
	buf_u64(b, m->eow ? 0x14a : 0x0a); /* flags seen on Windows 10 volumes */
	buf_u64(b, 0);			   /* conversion log: none */
	buf_u32(b, 0);
	buf_u32(b, m->sector_size);
	buf_u32(b, m->sector_size);
	buf_u32(b, 10); /* Windows version, here 10.0.20348 */
	buf_u32(b, 0);
	buf_u32(b, 20348);
	buf_u32(b, 2);		     /* NT */
	buf_u32(b, 0);		     /* service pack */
	buf_u16(b, 0x0110);	     /* suite: terminal server, single user */
	buf_bytes(b, "\x01\x02", 2); /* workstation, x64 */
	buf_u64(b, m->header_offset + size);
	buf_u64(b, ICE_AREA);
	datum_end(b, mark);
}

static void write_dataset(struct buf *b, const struct meta *m, struct nonce *nonce)
{
	buf_zero(b, DATASET_HEADER);
	datum_unicode(b, ROLE_DESCRIPTION, m->description);
	if (m->auto_unlock) {
		uint8_t key[VMK_LEN];

		random_bytes(key, sizeof(key));
		datum_ccm(b, ROLE_AUTO_UNLOCK, m->vmk, nonce, KEY_EXTERNAL, key, sizeof(key));
	}
	/* Like Windows, which makes the FVEK's datum after the first protector. */
	if (m->protectors)
		protector_write(b, m->protectors, m->vmk, nonce);
	datum_ccm(b, ROLE_FVEK, m->vmk, nonce, m->method->id, m->fvek, m->method->fvek_len);
	for (struct protector *p = m->protectors ? m->protectors->next : NULL; p; p = p->next)
		protector_write(b, p, m->vmk, nonce);
	if (!m->vista)
		write_virtualization(b, m);
}

static void fill_dataset_header(uint8_t *d, size_t size, const struct meta *m, uint32_t next_nonce)
{
	put32(d, (uint32_t)size);
	put32(d + 4, 1);
	put32(d + 8, DATASET_HEADER);
	put32(d + 12, (uint32_t)size);
	memcpy(d + 16, m->volume_guid.b, sizeof(m->volume_guid.b));
	put32(d + 32, next_nonce);
	put16(d + 36, m->method->id);
	put16(d + 38, m->method->id);
	put64(d + 40, m->filetime);
}

static void fill_block_header(uint8_t *h, size_t covered, const struct meta *m)
{
	memcpy(h, fve_signature, sizeof(fve_signature));
	put16(h + 8, (uint16_t)(covered / 16));
	put16(h + 10, 2);
	put16(h + 12, m->state);
	put16(h + 14, m->next_state);
	put64(h + 16, m->encrypted_size);
	put32(h + 24, m->conversion_size);
	put32(h + 28, m->header_sectors);
	for (int i = 0; i < META_COPIES; i++)
		put64(h + 32 + (size_t)8 * i, m->copy_offset[i]);
	put64(h + 56, m->header_offset);
	if (m->vista)
		vista_fill_header(h, covered, m);
}

void meta_build_block(const struct meta *m, uint8_t ret_block[META_BLOCK_SIZE])
{
	struct nonce nonce = {m->filetime, 2};
	uint8_t hash[SHA256_LEN];
	struct buf b = {0};
	size_t covered;

	buf_zero(&b, BLOCK_HEADER);
	write_dataset(&b, m, &nonce);
	covered = round_up(b.n, 16);
	if (covered > (m->vista ? vista_area_size(m) : META_BLOCK_SIZE) - 256)
		die("too many protectors for a metadata block");
	fill_dataset_header(b.p + BLOCK_HEADER, b.n - BLOCK_HEADER, m, nonce.counter + 1);
	buf_zero(&b, covered - b.n);
	fill_block_header(b.p, covered, m);
	sha256(b.p, covered, hash);
	/* The array of the buffer may move: take the CRC before it grows. */
	uint32_t crc = crc32_of(0, b.p, covered);

	if (m->vista) {
		vista_append_validation(&b, crc);
	} else {
		buf_u16(&b, (uint16_t)(META_BLOCK_SIZE - covered));
		buf_u16(&b, 2);
		buf_u32(&b, crc);
		datum_ccm(&b, ROLE_PROPERTY, m->vmk, &nonce, KEY_HASH, hash, sizeof(hash));
	}
	memset(ret_block, 0, META_BLOCK_SIZE);
	memcpy(ret_block, b.p, b.n);
	free(b.p);
}

/* Sector size, no FAT of its own, and the fields that Windows copies from a FAT32 template. */
static void fill_fixed_boot(const struct meta *m, uint8_t *s)
{
	memcpy(s + 3, fve_signature, sizeof(fve_signature));
	put16(s + 11, (uint16_t)m->sector_size);
	s[13] = (uint8_t)m->cluster_sectors;
	s[21] = 0xf8;
	put16(s + 24, 63);
	put16(s + 26, 255);
	put32(s + 28, (uint32_t)m->partition_start);
	put32(s + 36, 0x1fe0);
	put16(s + 48, 1);
	put16(s + 50, 6);
	s[64] = 0x80;
	s[66] = 0x29;
	memcpy(s + 71, "NO NAME    FAT32   ", 19);
}

void meta_build_boot(const struct meta *m, const uint8_t boot[512], uint8_t ret_boot[512])
{
	static const uint8_t stop[] = {0xcd, 0x18, 0xeb, 0xfe}; /* try the next device, or halt */
	size_t guid_at = m->togo ? 0x1a8 : 0xa0;

	if (m->vista) {
		vista_build_boot(m, boot, ret_boot);
		return;
	}
	memset(ret_boot, 0, 512);
	memcpy(ret_boot, "\xeb\x58\x90", 3);
	if (m->togo) {
		memcpy(ret_boot + 3, "MSWIN4.1", 8);
		memcpy(ret_boot + 11, boot + 11, 90 - 11);
	} else {
		fill_fixed_boot(m, ret_boot);
	}
	memcpy(ret_boot + 90, stop, sizeof(stop));
	memcpy(ret_boot + guid_at, m->eow ? fve_eow_guid.b : fve_guid.b, sizeof(fve_guid.b));
	for (size_t i = 0; i < META_COPIES; i++)
		put64(ret_boot + guid_at + 16 + 8 * i, m->copy_offset[i]);
	for (size_t i = 0; m->eow && i < ARRAY_LEN(m->eow_offset); i++)
		put64(ret_boot + guid_at + 40 + 8 * i, m->eow_offset[i]);
	put16(ret_boot + 510, 0xaa55);
}
