/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests that damage an image: where each field of the metadata lies, and mending the CRCs. */
#ifndef MKADE_SHOW_H
#define MKADE_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OFFSET_SEARCH UINT64_MAX
#define FIX_EOW	      (1u << 16)

/* offset: of the volume in the file, or OFFSET_SEARCH. */
void show_file(const char *path, uint64_t offset);

/* which: bit i set for copy i + 1 of the metadata, FIX_EOW for all of EOW's structures. */
void fix_crc(const char *path, uint64_t offset, unsigned int which);

/* Shared by show.c and showeow.c. */
#define SHOW_NAME_LEN 96

struct show_file {
	const char *path;
	int fd;
	uint64_t size, volume; /* byte offset of the volume in the file */
	uint64_t guid_at;      /* of the boot sector's GUID, in the volume */
	bool eow, vista;
	uint64_t copy[3]; /* offsets of the metadata in the volume */
	uint8_t boot[512];
};

struct layout_field {
	const char *name;
	uint16_t at, size;
};

__attribute__((format(printf, 2, 3))) void show_name(char ret_name[SHOW_NAME_LEN], const char *fmt,
						     ...);
/* One line; offset: in the file. */
void show_field(const char *name, uint64_t offset, const uint8_t *p, size_t n);
/* The fields of a structure of size bytes at base of the file, as far as they are in it. */
void show_layout(const char *prefix, uint64_t base, const uint8_t *p, size_t size,
		 const struct layout_field *fields, size_t n);

void eow_show(const struct show_file *f);
void eow_fix(const struct show_file *f);

#endif
