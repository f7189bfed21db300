/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An opened disk: its partitions, and of each volume its BitLocker state, its plaintext, what
 * opened it, and what was found wrong. open/open.h makes one; to callers its members are read-only.
 *
 * The disk owns everything here and frees it. Whoever needs a source for longer takes a reference.
 * Threads: one thread opens; afterwards nothing changes, and any thread may read.
 */
#ifndef ADEFUSE_OPEN_OPENED_H
#define ADEFUSE_OPEN_OPENED_H

#include "bde/bde.h"
#include "disk/image/image.h"
#include "disk/partition/partition.h"
#include "open/engine.h"
#include "open/origin.h"

struct opened_volume {
	const struct partition *partition;
	struct source *source; /* the partition's bytes; NULL when it lies outside the disk */
	const char *content;   /* "bitlocker", "ntfs", "fat", "exfat", "refs", "unknown"; static */
	struct notes warnings;

	struct bde_metadata *metadata; /* NULL: no BitLocker, or its metadata is unreadable */
	struct source *plain;	       /* what is served; NULL while locked */
	enum engine engine;	       /* that decrypts `plain` */
	struct err misfit;	       /* why the last key that was tried did not fit */
	struct err reason;	       /* why there is no plaintext; kind ERR_NONE: no reason yet */
	bool key_missing;	       /* the reason is that no key fitted so far: another may */
	struct source *second;	       /* `plain` by the other engine, if it was asked for */
	struct err second_reason;      /* why there is none */

	const struct bde_protector *protector; /* that the key opened; owned by the metadata. NULL:
						  a VMK or FVEK opened it, or libbde did and did not
						  say */
	char *key_what;			       /* the key that opened it, for people */
	struct open_origin origin;	       /* where that key came from, if from a vault */
	struct secret *bek;		       /* the BEK file that opened it, if one did */
};

struct opened_disk {
	char *path;
	struct source *file;   /* the image file or device */
	struct source *source; /* the disk in it */
	enum image_format format;
	struct partition_table *table;
	struct notes warnings;
	bool salvage;
	size_t count;
	struct opened_volume *volumes; /* one for each partition of the table, in its order */

	/* The whole disk with each open volume in place of its ciphertext; locked ones stay as they
	   are. NULL until keys were tried, and when volumes overlap: nobody can say then to which
	   of them a byte belongs. */
	struct source *plain;
};

void opened_free(struct opened_disk *disk);
DEFINE_CLEANUP(struct opened_disk, opened_free)

/* The volume of partition `number`, or NULL. */
const struct opened_volume *opened_find(const struct opened_disk *disk, unsigned int number);

/* A BitLocker volume, readable or not. */
bool opened_is_bitlocker(const struct opened_volume *volume);

/* A key could still open it: the metadata is readable, and there is no plaintext yet. */
bool opened_is_locked(const struct opened_volume *volume);

/* It is served although structures are lost, so some of it cannot be read. */
bool opened_is_salvaged(const struct opened_disk *disk, const struct opened_volume *volume);

/* Nothing was recognised: no image format, no partition table, no volume. */
bool opened_is_nothing(const struct opened_disk *disk);

/* Remember why a volume has no plaintext; the first reason stays. For open/ alone. */
void opened_set_reason(struct opened_volume *volume, const struct err *err);

#endif
