/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libbde behind the contract of sources; see libbde.h.
 *
 * libbde reads through libbfio, which takes read, seek and size as callbacks: so it runs on any
 * source, not on a file that has a name.
 *
 * Vista's format: the first 8 KiB stand in their place as they are, but for the file system's name
 * and the field at 56 of the boot sector, whose own value (the cluster of the MFT's mirror) stands
 * at 56 of each metadata block. Version 2 has the place of the moved header there, and versions of
 * libbde such as 20190102 take the one for the other and refuse the volume. They also end with the
 * file system, one sector before the volume, where NTFS keeps a copy of its boot sector. So libbde
 * is shown zeros in the one field and the volume's size in the other (at 40 of the boot sector),
 * and what is read gets the right values. The last sector is given if it decrypts to that copy:
 * then it was right to decrypt it.
 *
 * Version 20240502 knows from the boot sector where the first metadata block stands, from that one
 * where the others do, and looks for them at 0 all the same: while it opens the volume it is shown
 * a block there.
 *
 * Its errors are a stack of sentences, the cause first; that one is what a user is told. It writes
 * to a stream only when told to be verbose.
 */
#include "config.h"

#include "bde/libbde/libbde.h"

#include <errno.h>
#include <inttypes.h>

#ifdef HAVE_LIBBDE

#include <ctype.h>
#include <libbde.h>
#include <libbfio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bde/format/recovery.h"
#include "bde/key.h"
#include "bde/libbde/bfio.h"
#include "bde/unlock.h"
#include "disk/partition/bootsector.h"

enum {
	SECTORS_AT = 40, /* in the boot sector: those of the file system */
	MIRROR_AT = 56,	 /* in the boot sector and in a metadata block */
	SECTOR_MAX = 4096
};

struct libbde_source {
	struct source head;
	pthread_mutex_t lock; /* for all below */
	struct bfio io;
	libbfio_handle_t *handle;
	libbde_volume_t *volume;
	uint64_t end; /* bytes that libbde knows of */
	size_t right_count;
	struct bfio_field right[2]; /* of the plaintext */
};

const char *bde_libbde_version(void)
{
	return libbde_get_version();
}

/* -------------------------------------------------------------------- errors */

/*
 * "libcaes_x: invalid y.\nlibbde_z: unable to ...\n": the y of the first line, without the
 * function's name and the full stop.
 */
static void cause_of(libbde_error_t *error, char *ret_text, size_t size)
{
	char all[4096] = "";
	char *text = all;
	char *colon;
	size_t length;

	if (!error || libbde_error_backtrace_sprint(error, all, sizeof(all)) < 0)
		text = strcpy(all, "no reason given");
	text[strcspn(text, "\n")] = '\0';
	colon = strstr(text, ": ");
	if (colon && strcspn(text, " ") > (size_t)(colon - text))
		text = colon + 2;
	length = strlen(text);
	if (length > 0 && text[length - 1] == '.')
		text[length - 1] = '\0';
	(void)snprintf(ret_text, size, "%s", text);
}

static int cannot_open(libbde_error_t *error, struct err *err)
{
	char cause[256];
	int result;

	cause_of(error, cause, sizeof(cause));
	result = err_set(err, ERR_DISK, ENOTSUP, "libbde %s cannot open this volume: %s",
			 libbde_get_version(), cause);
	err_hint(err, "our own engine may: --engine own");
	return result;
}

/* It decrypts with any FVEK; what comes out of a wrong one it does not know for a volume. */
static int cannot_open_with(const struct bde_key *key, libbde_error_t *error, struct err *err)
{
	char cause[256];
	int result;

	cause_of(error, cause, sizeof(cause));
	result = err_set(err, ERR_KEY, ENOKEY, "libbde %s cannot open this volume with %s: %s",
			 libbde_get_version(), key->what, cause);
	err_hint(err, "the key is another volume's, or libbde does not know the volume; our own "
		      "engine tells: --engine own");
	return result;
}

static int does_not_fit(const struct bde_key *key, struct err *err)
{
	return err_set(err, ERR_KEY, ENOKEY, "libbde %s does not unlock this volume with %s",
		       libbde_get_version(), key ? key->what : "no key");
}

/* ---------------------------------------------------------------------- keys */

static int set_bek(libbde_volume_t *volume, struct secret *bek)
{
	libbfio_handle_t *handle = NULL;
	/* libbfio takes it writable, and never writes to a range that is opened for reading */
	uint8_t *data = secret_data(bek);
	int result = libbfio_memory_range_initialize(&handle, NULL);

	if (result == 1)
		result = libbfio_memory_range_set(handle, data, secret_size(bek), NULL);
	if (result == 1)
		result = libbfio_handle_open(handle, LIBBFIO_OPEN_READ, NULL);
	if (result == 1) {
		result = libbde_volume_read_startup_key_file_io_handle(volume, handle, NULL);
		(void)libbfio_handle_close(handle, NULL);
	}
	if (handle)
		(void)libbfio_handle_free(&handle, NULL);
	return result;
}

/* libbde wants the groups apart by dashes; ours may be written in other ways. */
static int set_recovery_password(libbde_volume_t *volume, const struct secret *text)
{
	enum {
		DIGITS = 6 * RECOVERY_GROUPS,
		LENGTH = DIGITS + RECOVERY_GROUPS - 1
	};
	uint8_t dashed[LENGTH + 1];
	size_t used = 0;
	int result = 0;

	for (size_t i = 0; i < secret_size(text) && used < LENGTH; i++) {
		uint8_t digit = secret_bytes(text)[i];

		if (!isdigit(digit))
			continue;
		dashed[used++] = digit;
		if (used % 7 == 6 && used < LENGTH)
			dashed[used++] = '-';
	}
	if (used == LENGTH)
		result = libbde_volume_set_utf8_recovery_password(volume, dashed, used, NULL);
	secret_wipe(dashed, sizeof(dashed));
	return result;
}

/*
 * libbde wants the two keys apart, each as long as it is; and of methods with one key a second one
 * all the same, which it does not use.
 */
static int set_fvek(libbde_volume_t *volume, uint16_t method, const struct secret *fvek)
{
	static const uint8_t none[32];
	struct method_keys keys;

	if (!method_split_fvek(method, fvek, &keys))
		return 0;
	return libbde_volume_set_keys(volume, keys.data, keys.size, keys.tweak ? keys.tweak : none,
				      keys.size, NULL);
}

static int set_key(libbde_volume_t *volume, const struct bde_info *info, const struct bde_key *key,
		   const struct secret *fvek)
{
	if (!key)
		return 1;
	switch (key->type) {
	case BDE_KEY_CLEAR:
		return 1; /* libbde takes it off the disk */
	case BDE_KEY_BEK:
		return set_bek(volume, key->original);
	case BDE_KEY_RECOVERY_PASSWORD:
		return set_recovery_password(volume, key->original);
	case BDE_KEY_FVEK:
		return set_fvek(volume, info->method, fvek);
	case BDE_KEY_VMK:
		return 0;
	case BDE_KEY_PASSWORD:
		break;
	}
	return libbde_volume_set_utf8_password(volume, secret_bytes(key->original),
					       secret_size(key->original), NULL);
}

/* ------------------------------------------------------------------- reading */

/* Under the lock. libbde 20240502 gives bytes of other places where a read begins within a sector
 * and ends behind it: such a one is made two. */
static int read_volume(struct libbde_source *source, uint8_t *buffer, size_t length,
		       uint64_t offset)
{
	size_t part = source->head.sector_size - offset % source->head.sector_size;

	source->io.errnum = 0;
	while (length > 0) {
		ssize_t got;

		if (part > length || offset % source->head.sector_size == 0)
			part = length;
		got = libbde_volume_read_buffer_at_offset(source->volume, buffer, part,
							  (off64_t)offset, NULL);
		if (got != (ssize_t)part)
			return source->io.errnum ? -source->io.errnum : -EIO;
		buffer += part;
		offset += part;
		length -= part;
	}
	return 0;
}

/* libbde's own end is not the volume's; what is behind it is not known. */
static int libbde_pread(struct source *head, void *buffer, size_t length, uint64_t offset)
{
	struct libbde_source *source = (struct libbde_source *)head;
	int result;

	if (offset + length > source->end)
		return -EIO;
	(void)pthread_mutex_lock(&source->lock);
	result = read_volume(source, buffer, length, offset);
	(void)pthread_mutex_unlock(&source->lock);
	if (result == 0)
		bfio_put_fields(source->right, source->right_count, buffer, length, offset);
	return result;
}

static void libbde_source_free(struct libbde_source *source)
{
	if (!source)
		return;
	if (source->volume) {
		(void)libbde_volume_close(source->volume, NULL);
		(void)libbde_volume_free(&source->volume, NULL);
	}
	if (source->handle)
		(void)libbfio_handle_free(&source->handle, NULL);
	source_unref(source->io.source);
	(void)pthread_mutex_destroy(&source->lock);
	free(source);
}
DEFINE_CLEANUP(struct libbde_source, libbde_source_free)

static void libbde_close(struct source *source)
{
	libbde_source_free((struct libbde_source *)source);
}

static const struct source_ops libbde_ops = {
	.name = "libbde",
	.pread = libbde_pread,
	.close = libbde_close,
};

/* ------------------------------------------------------------------- opening */

static int unlock(struct libbde_source *source, const struct bde_key *key, struct err *err)
{
	libbde_error_t *error = NULL;
	int opened;
	int result = 0;

	opened = libbde_volume_open_file_io_handle(source->volume, source->handle,
						   libbde_get_access_flags_read(), &error);
	source->io.block = 0;
	if (opened < 0 && source->io.errnum)
		result = err_set(err, ERR_DISK, source->io.errnum, "cannot read the volume: %s",
				 strerrordesc_np(source->io.errnum));
	else if (opened < 0 && key && key->type == BDE_KEY_FVEK)
		result = cannot_open_with(key, error, err);
	else if (opened < 0)
		result = cannot_open(error, err);
	else if (opened == 0 || libbde_volume_is_locked(source->volume, NULL) != 0)
		result = does_not_fit(key, err);
	libbde_error_free(&error);
	return result;
}

static int read_field(struct bfio *io, uint64_t from, uint64_t at, struct bfio_field *ret_field,
		      struct err *err)
{
	int result = source_pread(io->source, ret_field->bytes, BFIO_FIELD_SIZE, from);

	ret_field->at = at;
	if (result < 0)
		return err_set(err, ERR_DISK, -result, "cannot read the volume: %s",
			       strerrordesc_np(-result));
	return 0;
}

/* The fields that libbde misreads; see above. */
static int prepare_vista(struct libbde_source *source, const struct bde_info *info, struct err *err)
{
	uint64_t sectors = info->volume_size / info->sector_size;
	struct bfio *io = &source->io;
	struct bfio_field *shown;
	uint64_t copy = 0;
	int result;

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
	result = read_field(io, copy + MIRROR_AT, MIRROR_AT, &source->right[0], err);
	if (result == 0)
		result = read_field(io, SECTORS_AT, SECTORS_AT, &source->right[1], err);
	if (result == 0)
		source->right_count = 2;
	return result;
}

/* Whether the last sector is the copy of the first. */
static bool ends_with_boot_sector(struct libbde_source *source, const struct bde_info *info)
{
	uint8_t first[SECTOR_MAX];
	uint8_t last[SECTOR_MAX];
	size_t size = info->sector_size;

	return size <= SECTOR_MAX && libbde_pread(&source->head, first, size, 0) == 0 &&
	       libbde_pread(&source->head, last, size, info->volume_size - size) == 0 &&
	       memcmp(first, last, size) == 0;
}

static int find_end(struct libbde_source *source, const struct bde_info *info,
		    struct notes *warnings, struct err *err)
{
	libbde_error_t *error = NULL;
	size64_t size = 0;
	int result = 0;

	if (libbde_volume_get_size(source->volume, &size, &error) != 1)
		result = cannot_open(error, err);
	libbde_error_free(&error);
	source->end = size < info->volume_size ? size : info->volume_size;
	if (result == 0 && info->version == 1 && !ends_with_boot_sector(source, info))
		source->end -= source->end > info->sector_size ? info->sector_size : source->end;
	if (result == 0 && source->end < info->volume_size)
		notes_add(warnings,
			  "libbde %s knows of %" PRIu64 " bytes of this volume, which has %" PRIu64
			  "; what is "
			  "behind cannot be read through it",
			  libbde_get_version(), source->end, info->volume_size);
	return result;
}

/*
 * libbde decrypts with whatever FVEK it is given. In Vista's format the first sector is not
 * ciphertext; the copy of it behind the file system is.
 */
static int check_fvek(struct libbde_source *source, const struct bde_info *info,
		      struct notes *warnings, struct err *err)
{
	enum bootsector kind = BOOTSECTOR_NONE;
	uint8_t sector[SECTOR_MAX];

	if (!bde_state_is_whole(info->state) || info->sector_size > SECTOR_MAX) {
		err_set(err, ERR_DISK, ENOTSUP,
			"libbde is given an FVEK for volumes only that are encrypted as a whole");
		err_hint(err, "our own engine may take it: --engine own");
		return -ENOTSUP;
	}
	if (info->version == 1 ? ends_with_boot_sector(source, info)
			       : libbde_pread(&source->head, sector, info->sector_size, 0) == 0)
		kind = info->version == 1 ? BOOTSECTOR_NTFS
					  : bootsector_recognise(sector, info->sector_size);
	if (kind == BOOTSECTOR_NONE || kind == BOOTSECTOR_BITLOCKER) {
		err_set(err, ERR_KEY, ENOKEY,
			"the FVEK does not decrypt this volume: no boot sector comes out (libbde "
			"%s)",
			libbde_get_version());
		err_hint(err, "it is another volume's, or an older one; the tweak key stands "
			      "behind the key");
		return -ENOKEY;
	}
	notes_add(warnings, "opened by its FVEK alone: the metadata's hash, which is under the "
			    "VMK, was not checked");
	return 0;
}

int bde_libbde_open(struct source *below, const struct bde_info *info, const struct bde_key *key,
		    struct notes *warnings, struct source **ret_plain, struct err *err)
{
	struct libbde_source *source CLEANUP(libbde_source_free) = calloc(1, sizeof(*source));
	struct secret *fvek CLEANUP(secret_free) = NULL;
	bool given = key && key->type == BDE_KEY_FVEK;
	int result = 0;

	if (!source)
		return err_nomem(err);
	(void)pthread_mutex_init(&source->lock, NULL);
	source_init(&source->head, &libbde_ops, info->volume_size, info->sector_size);
	source->io.source = source_ref(below);
	libbde_notify_set_verbose(0);
	if (bfio_open(&source->io, &source->handle) < 0 ||
	    libbde_volume_initialize(&source->volume, NULL) != 1)
		return err_nomem(err);
	if (given)
		result = unlock_take_fvek(key, info->method, &fvek, err);
	if (result < 0)
		return result;
	/* its reasons may quote what it was given */
	if (set_key(source->volume, info, key, fvek) != 1)
		return err_set(err, ERR_KEY, ENOKEY, "libbde %s does not take %s",
			       libbde_get_version(), key->what);
	result = info->version == 1 ? prepare_vista(source, info, err) : 0;
	if (result == 0)
		result = unlock(source, key, err);
	if (result == 0)
		result = find_end(source, info, warnings, err);
	if (result == 0 && given)
		result = check_fvek(source, info, warnings, err);
	if (result < 0)
		return result;
	*ret_plain = &TAKE(source)->head;
	return 0;
}

#else /* HAVE_LIBBDE */

const char *bde_libbde_version(void)
{
	return NULL;
}

int bde_libbde_open(struct source *below, const struct bde_info *info, const struct bde_key *key,
		    struct notes *warnings, struct source **ret_plain, struct err *err)
{
	int result = err_set(err, ERR_DISK, ENOTSUP, "this build of adefuse has no libbde");

	(void)below;
	(void)info;
	(void)key;
	(void)warnings;
	(void)ret_plain;
	err_hint(err, "build it with the packages libbde-dev and libbfio-dev, or use --engine own");
	return result;
}

#endif
