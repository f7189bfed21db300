/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: recognition of images. The input is a whole file; what is served has to lie within
 * it and be readable at both ends. Any input is also opened with its checksum put right where a
 * footer would be.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "disk/image/image.h"
#include "disk/image/vhd.h"
#include "disk/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void open_image(struct source *source, const char *name)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *disk CLEANUP(source_unref) = NULL;
	enum image_format format = IMAGE_RAW;
	struct err err = {0};
	uint8_t byte;

	if (image_open(source, name, &notes, &format, &disk, &err) < 0) {
		check(!disk && err.kind == ERR_DISK && err.message[0] != '\0');
		return;
	}
	check(disk && disk->size > 0 && disk->size <= source->size);
	check(source_pread(disk, &byte, 1, 0) == 0);
	check(source_pread(disk, &byte, 1, disk->size - 1) == 0);
}

static void open_bytes(const uint8_t *data, size_t size)
{
	struct source *source CLEANUP(source_unref) = NULL;

	check(memory_new(data, size, &source) == 0);
	open_image(source, "fuzz.vhd");
	open_image(source, NULL);
	check(atomic_load(&source->references) == 1);
}

/* Put the checksum of the footer that ends the bytes right. */
static void seal(uint8_t *data, size_t size)
{
	uint8_t *footer = data + size - VHD_FOOTER_SIZE;
	uint32_t sum = vhd_checksum(footer, VHD_FOOTER_SIZE);

	for (size_t i = 0; i < 4; i++)
		footer[64 + i] = (uint8_t)(sum >> (24 - 8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy CLEANUP(free) = NULL;

	if (size == 0)
		return 0;
	open_bytes(data, size);
	if (size < VHD_FOOTER_SIZE)
		return 0;
	copy = malloc(size);
	check(copy != NULL);
	memcpy(copy, data, size);
	seal(copy, size);
	open_bytes(copy, size);
	return 0;
}
