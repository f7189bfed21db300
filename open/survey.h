/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk opened and read as far as that goes without a key: format, partitions, BitLocker metadata;
 * and, once keys have been tried (open/unlock.h), the plaintext of each volume and what opened it.
 *
 * Everything hangs off the survey and is freed with it. One thread.
 */
#ifndef ADEFUSE_OPEN_SURVEY_H
#define ADEFUSE_OPEN_SURVEY_H

#include "bde/bde.h"
#include "disk/image/image.h"
#include "disk/partition/partition.h"

/* Where an unlocking BEK came from, when it came out of a vault. Copies of keyvault_origin's texts.
 */
struct survey_origin {
	char *secret_url;
	char *name;
	char *version;
	int64_t created;    /* seconds since 1970; 0 when not known */
	char *content_type; /* NULL when missing, as the next two */
	char *machine_name;
	char *volume_letter;
	char *kek_url;	 /* NULL: not wrapped */
	char *algorithm; /* NULL: not wrapped */
};

void survey_origin_clear(struct survey_origin *origin);

struct survey_volume {
	const struct partition *partition;
	struct source
		*source; /* the partition as it is on the disk; NULL when it could not be cut out */
	const char *content; /* "bitlocker", "ntfs", "fat", "exfat", "refs", "unknown"; static */
	struct notes warnings;

	struct bde_metadata *metadata; /* NULL when not BitLocker or unreadable */
	struct source *plain;	       /* what is served; NULL while locked */
	enum bde_engine engine;	       /* what serves `plain` of a BitLocker volume */
	struct err misfit;	       /* why the last key that was tried did not fit */
	struct err reason;	       /* why there is no plaintext; kind ERR_NONE: no reason yet */
	struct source *second;	       /* for verify: `plain` by the other engine, or NULL */
	struct err second_reason;      /* why not */

	const struct bde_protector *protector; /* that opened it; owned by the metadata; NULL when
						  a VMK or FVEK did, or libbde did
						  and did not say */
	char *key_what;			       /* the key that opened it, for people */
	struct survey_origin origin;
	struct secret *bek; /* the BEK file that opened it, when it was one */
};

struct survey {
	char *path;
	struct source *file;
	struct source *disk;
	enum image_format format;
	struct partition_table *table;
	struct notes warnings;
	unsigned int flags; /* enum bde_flags */
	size_t count;
	struct survey_volume *volumes; /* one for each partition of the table */
};

/*
 * Open the disk and read everything that needs no key. Plain volumes and decrypted ones have their
 * `plain` set afterwards. A volume that cannot be read does not fail the survey: its reason says
 * why. `flags` (enum bde_flags) go for all volumes.
 */
int survey_open(const char *path, unsigned int flags, struct survey **ret_survey, struct err *err);
void survey_free(struct survey *survey);
DEFINE_CLEANUP(struct survey, survey_free)

/* Whether it is a BitLocker volume, readable or not. */
bool survey_is_bitlocker(const struct survey_volume *volume);

/* Whether a key could still open it: BitLocker with readable metadata and no plaintext yet. */
bool survey_is_locked(const struct survey_volume *volume);

/* Whether it is served though structures are lost: some of it cannot be read for want of them. */
bool survey_is_salvaged(const struct survey *survey, const struct survey_volume *volume);

/* Nothing was recognised: no image format, no partition table, no volume. */
bool survey_is_nothing(const struct survey *survey);

/* That the disk has a partition of this number; 0 stands for all of them. Else ERR_USAGE. */
int survey_check_volume(const struct survey *survey, unsigned int number, struct err *err);

/* Remember why a volume has no plaintext; the first reason stays. */
void survey_set_reason(struct survey_volume *volume, const struct err *err);

/* Print all warnings as log lines. */
void survey_log_warnings(const struct survey *survey);

#endif
