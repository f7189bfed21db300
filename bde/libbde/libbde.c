/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libbde as a source; see libbde.h.
 *
 * libbde reads through libbfio, which takes read, seek and size as callbacks: so it runs on any
 * source, not only on a named file.
 *
 * Its errors are a stack of sentences, the cause first; the user gets that one. It writes to a
 * stream only when it is set to be verbose.
 */
#include "config.h" /* HAVE_LIBBFIO: which functions <libbde.h> declares */

#include "bde/libbde/libbde.h"

#include <errno.h>
#include <inttypes.h>
#include <libbde.h>
#include <libbfio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bde/key.h"
#include "bde/libbde/bfio.h"
#include "bde/libbde/libbde_key.h"
#include "bde/libbde/quirks.h"
#include "disk/partition/bootsector.h"

enum {
	SECTOR_MAX = 4096
};

struct libbde_source {
	struct source head;
	pthread_mutex_t lock; /* for all below */
	struct bfio io;
	libbfio_handle_t *handle;
	libbde_volume_t *volume;
	uint64_t end; /* bytes that libbde knows of */
	struct quirks quirks;
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
	err_hint(err, "try our own engine: --engine own");
	return result;
}

/* It decrypts with any FVEK; it does not recognise a volume in what a wrong one gives. */
static int cannot_open_with(const struct bde_key *key, libbde_error_t *error, struct err *err)
{
	char cause[256];
	int result;

	cause_of(error, cause, sizeof(cause));
	result = err_set(err, ERR_KEY, ENOKEY, "libbde %s cannot open this volume with %s: %s",
			 libbde_get_version(), key->what, cause);
	err_hint(
		err,
		"try our own engine, which tells a wrong key from an unknown volume: --engine own");
	return result;
}

static int does_not_fit(const struct bde_key *key, struct err *err)
{
	return err_set(err, ERR_KEY, ENOKEY, "libbde %s does not unlock this volume with %s",
		       libbde_get_version(), key ? key->what : "no key");
}

/* ------------------------------------------------------------------- reading */

/* libbde's own end may be before the volume's; what is after it is not known. */
static int libbde_pread(struct source *head, void *buffer, size_t length, uint64_t offset)
{
	struct libbde_source *source = (struct libbde_source *)head;
	int result = 0;

	if (offset + length > source->end)
		return -EIO;
	(void)pthread_mutex_lock(&source->lock);
	source->io.errnum = 0;
	if (!quirks_read(source->volume, head->sector_size, buffer, length, offset))
		result = source->io.errnum ? -source->io.errnum : -EIO;
	(void)pthread_mutex_unlock(&source->lock);
	if (result == 0)
		quirks_correct(&source->quirks, buffer, length, offset);
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
	quirks_opened(&source->io);
	if (opened < 0 && source->io.errnum)
		result = err_errno(err, ERR_DISK, source->io.errnum, "cannot read the volume");
	else if (opened < 0 && key && key->type == BDE_KEY_FVEK)
		result = cannot_open_with(key, error, err);
	else if (opened < 0)
		result = cannot_open(error, err);
	else if (opened == 0 || libbde_volume_is_locked(source->volume, NULL) != 0)
		result = does_not_fit(key, err);
	libbde_error_free(&error);
	return result;
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
	if (result == 0 && info->version == 1 && !quirks_ends_with_boot_sector(&source->head, info))
		source->end -= source->end > info->sector_size ? info->sector_size : source->end;
	if (result == 0 && source->end < info->volume_size)
		notes_add(warnings,
			  "libbde %s reads %" PRIu64 " of the %" PRIu64
			  " bytes of this volume; the rest cannot be read through it",
			  libbde_get_version(), source->end, info->volume_size);
	return result;
}

/*
 * libbde decrypts with any FVEK. In Vista's format the first sector is not ciphertext, but the copy
 * of it after the file system is.
 */
static int check_fvek(struct libbde_source *source, const struct bde_info *info,
		      struct notes *warnings, struct err *err)
{
	enum bootsector kind = BOOTSECTOR_NONE;
	uint8_t sector[SECTOR_MAX];

	if (!bde_state_is_whole(info->state) || info->sector_size > SECTOR_MAX) {
		err_set(err, ERR_DISK, ENOTSUP,
			"an FVEK can be used through libbde only when the whole volume is encrypted");
		err_hint(err, "try our own engine: --engine own");
		return -ENOTSUP;
	}
	if (info->version == 1 ? quirks_ends_with_boot_sector(&source->head, info)
			       : libbde_pread(&source->head, sector, info->sector_size, 0) == 0)
		kind = info->version == 1 ? BOOTSECTOR_NTFS
					  : bootsector_recognise(sector, info->sector_size);
	if (kind == BOOTSECTOR_NONE || kind == BOOTSECTOR_BITLOCKER) {
		err_set(err, ERR_KEY, ENOKEY,
			"the FVEK does not decrypt this volume to one that begins with a boot sector (libbde %s)",
			libbde_get_version());
		err_hint(
			err,
			"check that it is the current FVEK of this volume, the tweak key after the key");
		return -ENOKEY;
	}
	notes_add(
		warnings,
		"opened by its FVEK alone: the metadata's hash, which only the VMK opens, was not checked");
	return 0;
}

static int new_source(struct source *below, const struct bde_info *info,
		      struct libbde_source **ret_source)
{
	struct libbde_source *source CLEANUP(libbde_source_free) = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	(void)pthread_mutex_init(&source->lock, NULL);
	source_init(&source->head, &libbde_ops, info->volume_size, info->sector_size);
	source->io.source = source_ref(below);
	if (bfio_open(&source->io, &source->handle) < 0 ||
	    libbde_volume_initialize(&source->volume, NULL) != 1)
		return -ENOMEM;
	*ret_source = TAKE(source);
	return 0;
}

int bde_libbde_open(struct source *below, const struct bde_metadata *metadata,
		    const struct bde_key *key, struct notes *warnings, struct source **ret_plain,
		    struct err *err)
{
	struct libbde_source *source CLEANUP(libbde_source_free) = NULL;
	const struct bde_info *info = &metadata->info;
	int result = libbde_key_check(key, err);

	if (result == 0)
		result = quirks_check(metadata, err);
	if (result < 0)
		return result;
	libbde_notify_set_verbose(0);
	if (new_source(below, info, &source) < 0)
		return err_nomem(err);
	result = libbde_key_give(source->volume, info->method, key, err);
	if (result == 0)
		result = quirks_prepare(&source->io, info, &source->quirks, err);
	if (result == 0)
		result = unlock(source, key, err);
	if (result == 0)
		result = find_end(source, info, warnings, err);
	if (result == 0 && key && key->type == BDE_KEY_FVEK)
		result = check_fvek(source, info, warnings, err);
	if (result < 0)
		return result;
	*ret_plain = &TAKE(source)->head;
	return 0;
}
