/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: BEK files. The first byte of the input is a number of options, the rest is the file:
 *
 *   bit 0  put both sizes in the header right
 *
 * Whatever is accepted has its key within the file; whatever is not has a message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bde/format/bek.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SIZE_AT = 0,
	SIZE_AGAIN_AT = 12
};

static void check(int condition)
{
	if (!condition)
		abort();
}

static void repair(uint8_t *file, size_t size)
{
	if (size < SIZE_AGAIN_AT + 4)
		return;
	for (size_t i = 0; i < 4; i++)
		file[SIZE_AT + i] = file[SIZE_AGAIN_AT + i] = (uint8_t)(size >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct bek bek = {0};
	uint8_t *file;

	if (size < 1)
		return 0;
	size--;
	file = malloc(size ? size : 1);
	check(file != NULL);
	memcpy(file, data + 1, size);
	if (data[0] & 1)
		repair(file, size);
	if (bek_parse(file, size, &bek, &err) == 0)
		check(bek.key >= file && bek.key + BEK_KEY_SIZE <= file + size);
	else
		check(err.kind == ERR_KEY && err.message[0]);
	free(file);
	return 0;
}
