/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The expected plaintext, its hashes, and the JSON file that says what is in the image. */
#ifndef MKADE_MANIFEST_H
#define MKADE_MANIFEST_H

#include "tests/mkade/disk/disk.h"
#include "tests/mkade/volume.h"

struct outputs {
	const char *disk;	/* the image itself */
	const char *manifest;	/* the rest may be NULL */
	const char *plain;	/* plaintext of the volume */
	const char *plain_disk; /* of the whole disk */
};

/* fd: the finished image. */
void outputs_write(const struct outputs *o, const struct disk *d, const struct volume *v, int fd);

#endif
