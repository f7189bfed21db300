/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a disk as far as that goes without a key: open_survey(); see open.h. */
#include <errno.h>
#include <string.h>

#include "disk/file.h"
#include "disk/partition/filesystem.h"
#include "disk/slice.h"
#include "open/open.h"

/* A decrypted volume needs no key. */
static void open_decrypted(struct opened_volume *volume, unsigned int flags)
{
	struct err err = {0};

	if (bde_metadata_info(volume->metadata)->state != BDE_STATE_DECRYPTED)
		return;
	volume->engine = engine_for(volume->metadata, ENGINE_AUTO);
	if (engine_open(volume->source, volume->metadata, NULL, ENGINE_AUTO, flags,
			&volume->warnings, &volume->plain, &volume->protector, &err) < 0)
		opened_set_reason(volume, &err);
}

/* What came of looking for metadata. */
static void take_bitlocker(struct opened_volume *volume, unsigned int flags, int result,
			   const struct err *err)
{
	volume->content = "bitlocker";
	if (result < 0)
		opened_set_reason(volume, err);
	else
		open_decrypted(volume, flags);
}

/*
 * A first sector that does not begin a file system may have been written over a BitLocker volume's:
 * then it would be wrong to serve what follows as plaintext. A volume that begins as it should is
 * not searched: it may have been formatted where a BitLocker volume was.
 */
static void read_plain(struct opened_volume *volume, unsigned int flags)
{
	struct err err = {0};
	int result = -ENOENT;

	volume->content = filesystem_name(volume->source);
	if (!filesystem_is_sound(volume->source))
		result = bde_metadata_find(volume->source, flags, &volume->warnings,
					   &volume->metadata, &err);
	if (result == -ENOENT)
		volume->plain = source_ref(volume->source);
	else
		take_bitlocker(volume, flags, result, &err);
}

static int read_volume(struct opened_volume *volume, struct source *disk, unsigned int flags,
		       struct err *ret_err)
{
	const struct partition *partition = volume->partition;
	struct err err = {0};
	int result;

	volume->content = "unknown";
	result = slice_new(disk, partition->offset, partition->size, &volume->source);
	if (result == -ENOMEM)
		return err_nomem(ret_err);
	if (result < 0) {
		err_set(&err, ERR_DISK, -result, "partition %u is outside the disk",
			partition->number);
		opened_set_reason(volume, &err);
		return 0;
	}
	result = bde_probe(volume->source, &err);
	if (result == 0) {
		read_plain(volume, flags);
	} else if (result > 0) {
		result = bde_metadata_read(volume->source, flags, &volume->warnings,
					   &volume->metadata, &err);
		take_bitlocker(volume, flags, result, &err);
	} else {
		/* nobody can tell whether what is readable of it is plaintext */
		opened_set_reason(volume, &err);
	}
	return 0;
}

static int read_partitions(struct opened_disk *disk, unsigned int flags, struct err *err)
{
	int result = partition_table_read(disk->source, &disk->warnings, &disk->table, err);

	if (result < 0)
		return result;
	disk->volumes = calloc(disk->table->count + 1, sizeof(*disk->volumes));
	if (!disk->volumes)
		return err_nomem(err);
	disk->count = disk->table->count;
	for (size_t i = 0; i < disk->count && result == 0; i++) {
		disk->volumes[i].partition = &disk->table->partitions[i];
		result = read_volume(&disk->volumes[i], disk->source, flags, err);
	}
	return result;
}

int open_survey(const struct open_request *request, struct opened_disk **ret_disk, struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = calloc(1, sizeof(*disk));
	int result;

	if (!disk)
		return err_nomem(err);
	disk->salvage = request->salvage;
	disk->path = strdup(request->disk);
	if (!disk->path)
		return err_nomem(err);
	result = file_open(disk->path, &disk->file, err);
	if (result == 0)
		result = image_open(disk->file, disk->path, &disk->warnings, &disk->format,
				    &disk->source, err);
	if (result == 0)
		result = read_partitions(disk, disk->salvage ? BDE_SALVAGE : 0, err);
	if (result < 0)
		return result;
	*ret_disk = TAKE(disk);
	return 0;
}
