/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether writing to one file or block device would write to another, so that the disk that is read
 * is never written. Follows each down to what holds it: a partition to its device, a device of
 * device-mapper or RAID to its parts, a loop device to its file, a file to the device of its file
 * system. Uses stat() and /sys alone. From any thread.
 */
#ifndef ADEFUSE_EXPORT_EVIDENCE_H
#define ADEFUSE_EXPORT_EVIDENCE_H

#include <sys/stat.h>

enum evidence {
	EVIDENCE_APART, /* as far as the system knows */
	EVIDENCE_SAME,	/* the same file or device */
	EVIDENCE_ABOVE, /* `out` is held by `disk`: a partition of it, a loop device on it, ... */
	EVIDENCE_BELOW, /* `out` holds `disk` */
};

enum evidence evidence_relation(const struct stat *disk, const struct stat *out);

#endif
