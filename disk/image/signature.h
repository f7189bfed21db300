/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that hold a disk in a format that is not served, recognised by their first bytes: formats
 * of virtual machines and of forensics, and compressed files. They are refused by name: as raw
 * disks they would seem to be empty.
 */
#ifndef ADEFUSE_DISK_IMAGE_SIGNATURE_H
#define ADEFUSE_DISK_IMAGE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

enum {
	SIGNATURE_BYTES = 512 /* of the file's start are looked at */
};

/* What to do about it. */
enum signature_remedy {
	REMEDY_CONVERT_QEMU, /* qemu-img can write it out as raw */
	REMEDY_MOUNT_EWF,    /* ewfmount shows a raw disk */
	REMEDY_UNPACK,	     /* a compressed file or an archive */
	REMEDY_DOWNLOAD,     /* not a disk but an answer of the server that should have sent one */
	REMEDY_CONVERT,	     /* some tool of that format's world */
};

struct signature {
	const char *name; /* of the format, as in "this is ...": "a VHDX image" */
	enum signature_remedy remedy;
	const char *tool; /* qemu-img's name of the format, or the unpacking command; may be NULL */
};

/* NULL when the bytes are nothing known. Static data. */
const struct signature *signature_find(const uint8_t *data, size_t size);

#endif
