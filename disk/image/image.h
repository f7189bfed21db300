/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a file to the disk that is in it: raw, or the content of a fixed VHD. Formats that are not
 * served (dynamic and differencing VHD, VHDX) are recognised and refused by name.
 */
#ifndef ADEFUSE_DISK_IMAGE_IMAGE_H
#define ADEFUSE_DISK_IMAGE_IMAGE_H

#include "base/err.h"
#include "base/notes.h"
#include "disk/source.h"

enum image_format {
	IMAGE_RAW,
	IMAGE_VHD_FIXED,
};

const char *image_format_name(enum image_format format); /* "raw", "vhd (fixed)" */

/*
 * Recognise `below` and put the fitting layer on it. What is wrong but does not prevent serving
 * (bad footer checksum, lost footer) goes to `warnings`. 0 or -errno with err filled (ERR_DISK).
 *
 * `name` is the path it was opened by, or NULL: for hints, and because only the ending ".vhd"
 * distinguishes a VHD that lost its footer from a raw disk.
 */
int image_open(struct source *below, const char *name, struct notes *warnings,
	       enum image_format *ret_format, struct source **ret_disk, struct err *err);

#endif
