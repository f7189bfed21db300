/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests that damage an image: where each field of the metadata lies, and mending the CRC. */
#ifndef MKADE_SHOW_H
#define MKADE_SHOW_H

#include <stdint.h>

#define OFFSET_SEARCH UINT64_MAX

/* offset: of the volume in the file, or OFFSET_SEARCH. */
void show_file(const char *path, uint64_t offset);

/* copies: bit i set for copy i + 1. */
void fix_crc(const char *path, uint64_t offset, unsigned int copies);

#endif
