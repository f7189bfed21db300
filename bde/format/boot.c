/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Boot sector, little-endian. BitLocker moves the volume's own boot sector away and writes this
 * one, so that older systems leave the volume alone.
 *
 *   0     jump instruction: eb 58 90, Vista eb 52 90
 *   3     "-FVE-FS-"; To Go "MSWIN4.1", a FAT32 volume with a reader program on it
 *   11    u16 bytes a sector
 *   13    u8 sectors a cluster
 *   0x38  Vista: u64 cluster of the first metadata block
 *   0xa0  GUID of the kind, then 3 u64 offsets of the metadata blocks, bytes from here
 *   0xc8  encrypt-on-write: 2 u64 offsets of the EOW descriptor
 *   0x1a8 the same on To Go
 */
#include "bde/format/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/cursor.h"

enum {
	SIGNATURE_AT = 3,
	SIGNATURE_SIZE = 8,
	SECTOR_SIZE_AT = 11,
	VISTA_CLUSTER_AT = 0x38,
	GUID_AT = 0xa0,
	GUID_AT_TO_GO = 0x1a8,
};

/* 4967d63b-2e29-4ad8-8399-f6a339e3d001 */
static const struct guid guid_normal = {{0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99,
					 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01}};
/* 92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8 */
static const struct guid guid_eow = {{0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d, 0x9e, 0x4e,
				      0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8}};

static struct cursor at(const uint8_t *data, size_t offset)
{
	return cursor_make(data + offset, BOOT_SIZE - offset);
}

static bool has_signature(const uint8_t *data, const char *signature)
{
	return memcmp(data + SIGNATURE_AT, signature, SIGNATURE_SIZE) == 0;
}

static bool is_vista(const uint8_t *data)
{
	return data[0] == 0xeb && data[1] == 0x52 && data[2] == 0x90;
}

bool boot_is_bitlocker(const uint8_t data[BOOT_SIZE])
{
	struct cursor cursor = at(data, GUID_AT_TO_GO);
	struct guid guid = guid_read(&cursor);

	if (has_signature(data, "-FVE-FS-"))
		return true;
	/* Any FAT volume may be MSWIN4.1: here the GUID decides. */
	return has_signature(data, "MSWIN4.1") &&
	       (guid_equal(&guid, &guid_normal) || guid_equal(&guid, &guid_eow));
}

/* The Vista format has no GUID; its metadata place is counted in clusters. */
static int parse_vista(const uint8_t *data, uint8_t cluster_sectors, struct boot *boot,
		       struct err *err)
{
	struct cursor cursor = at(data, VISTA_CLUSTER_AT);
	uint64_t cluster = cursor_le64(&cursor);

	boot->kind = BOOT_VISTA;
	if (!checked_mul(cluster, (uint64_t)boot->sector_size * cluster_sectors, &boot->offsets[0]))
		return err_set(err, ERR_DISK, EINVAL,
			       "boot sector places the BitLocker metadata at cluster %" PRIu64
			       ", which "
			       "is impossible",
			       cluster);
	return 0;
}

int boot_parse(const uint8_t data[BOOT_SIZE], struct boot *ret_boot, struct err *err)
{
	struct boot boot = {.to_go = has_signature(data, "MSWIN4.1")};
	struct cursor cursor = at(data, SECTOR_SIZE_AT);
	uint8_t cluster_sectors;
	int result = 0;

	boot.sector_size = cursor_le16(&cursor);
	cluster_sectors = cursor_u8(&cursor);
	if (boot.sector_size != 512 && boot.sector_size != 4096)
		return err_set(err, ERR_DISK, ENOTSUP,
			       "boot sector says %u bytes a sector; BitLocker has 512 or 4096",
			       boot.sector_size);
	if (!boot.to_go && is_vista(data)) {
		result = parse_vista(data, cluster_sectors, &boot, err);
	} else {
		cursor = at(data, boot.to_go ? GUID_AT_TO_GO : GUID_AT);
		boot.guid = guid_read(&cursor);
		boot.kind = guid_equal(&boot.guid, &guid_normal) ? BOOT_NORMAL
			    : guid_equal(&boot.guid, &guid_eow)	 ? BOOT_EOW
								 : BOOT_UNKNOWN;
		for (unsigned int i = 0; i < 3; i++)
			boot.offsets[i] = cursor_le64(&cursor);
		for (unsigned int i = 0; i < 2 && boot.kind == BOOT_EOW; i++)
			boot.eow[i] = cursor_le64(&cursor);
	}
	if (result == 0)
		*ret_boot = boot;
	return result;
}
