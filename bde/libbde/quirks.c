/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libbde does not know the bitmaps of what is encrypted, treats an interrupted conversion as
 * finished, and knows no watermark in Vista's format. It would open such volumes and give wrong
 * bytes.
 *
 * Vista's format: the first 8 KiB are stored in place and unchanged, except the file system's name
 * and the field at 56 of the boot sector. That field's own value (the cluster of the MFT's mirror)
 * is at 56 of each metadata block. Version 2 has the offset of the moved header there, and versions
 * of libbde such as 20190102 confuse the two and refuse the volume. They also end with the file
 * system, one sector before the volume, where NTFS keeps a copy of its boot sector. So libbde is
 * shown zeros in that field and the volume's size in the one at 40 of the boot sector, and the
 * right values are put into what it reads. The last sector is served if it decrypts to that copy:
 * that shows that it is ciphertext.
 *
 * Version 20240502 reads the offset of the first metadata block from the boot sector and those of
 * the others from that block, but then looks for them at 0: while it opens the volume, it is shown
 * a block there. For a read that begins within a sector and ends after it, it gives bytes from
 * elsewhere: such a read is split in two.
 */
#include "config.h" /* HAVE_LIBBFIO: which functions <libbde.h> declares */

#include "bde/libbde/quirks.h"

#include <errno.h>
#include <string.h>

enum {
	SECTORS_AT = 40, /* in the boot sector: those of the file system */
	MIRROR_AT = 56,	 /* in the boot sector and in a metadata block */
	SECTOR_MAX = 4096
};

int quirks_check(const struct bde_metadata *metadata, struct err *err)
{
	const struct bde_info *info = &metadata->info;

	if (metadata->boot.kind == BOOT_EOW || metadata->boot.kind == BOOT_UNKNOWN)
		err_set(err, ERR_DISK, ENOTSUP,
			"libbde does not know volumes that are encrypted in part by a bitmap "
			"(used space only, or a paused conversion of Windows 8 and later)");
	else if (info->conversion_size != 0 ||
		 (info->version == 1 && !bde_state_is_whole(info->state)))
		err_set(err, ERR_DISK, ENOTSUP,
			"libbde does not know volumes in conversion (state %u, next %u, version "
			"%u, %u bytes under way)",
			info->state_current, info->state_next, info->version,
			info->conversion_size);
	else
		return 0;
	if (info->version != 1)
		err_hint(err, "try our own engine: --engine own");
	return -ENOTSUP;
}

static int read_field(struct bfio *io, uint64_t from, uint64_t at, struct bfio_field *ret_field,
		      struct err *err)
{
	int result = source_pread(io->source, ret_field->bytes, BFIO_FIELD_SIZE, from);

	ret_field->at = at;
	if (result < 0)
		return err_errno(err, ERR_DISK, -result, "cannot read the volume");
	return 0;
}

int quirks_prepare(struct bfio *io, const struct bde_info *info, struct quirks *ret_quirks,
		   struct err *err)
{
	struct quirks quirks = {.count = 2};
	uint64_t sectors = info->volume_size / info->sector_size;
	struct bfio_field *shown;
	uint64_t copy = 0;
	int result;

	if (info->version != 1) {
		*ret_quirks = (struct quirks){0};
		return 0;
	}
	for (unsigned int i = 0; i < BDE_COPIES; i++) {
		io->shown[io->shown_count++].at = info->copies[i].offset + MIRROR_AT;
		if (info->copies[i].valid)
			copy = info->copies[i].offset;
	}
	io->block = copy;
	shown = &io->shown[io->shown_count++];
	shown->at = SECTORS_AT;
	for (unsigned int i = 0; i < BFIO_FIELD_SIZE; i++)
		shown->bytes[i] = (uint8_t)(sectors >> 8 * i);
	result = read_field(io, copy + MIRROR_AT, MIRROR_AT, &quirks.right[0], err);
	if (result == 0)
		result = read_field(io, SECTORS_AT, SECTORS_AT, &quirks.right[1], err);
	if (result == 0)
		*ret_quirks = quirks;
	return result;
}

void quirks_opened(struct bfio *io)
{
	io->block = 0;
}

bool quirks_read(libbde_volume_t *volume, uint32_t sector_size, uint8_t *buffer, size_t length,
		 uint64_t offset)
{
	size_t part = sector_size - offset % sector_size;

	while (length > 0) {
		if (part > length || offset % sector_size == 0)
			part = length;
		if (libbde_volume_read_buffer_at_offset(volume, buffer, part, (off64_t)offset,
							NULL) != (ssize_t)part)
			return false;
		buffer += part;
		offset += part;
		length -= part;
	}
	return true;
}

void quirks_correct(const struct quirks *quirks, uint8_t *buffer, size_t length, uint64_t offset)
{
	bfio_put_fields(quirks->right, quirks->count, buffer, length, offset);
}

bool quirks_ends_with_boot_sector(struct source *plain, const struct bde_info *info)
{
	uint8_t first[SECTOR_MAX];
	uint8_t last[SECTOR_MAX];
	size_t size = info->sector_size;

	return size <= SECTOR_MAX && source_pread(plain, first, size, 0) == 0 &&
	       source_pread(plain, last, size, info->volume_size - size) == 0 &&
	       memcmp(first, last, size) == 0;
}
