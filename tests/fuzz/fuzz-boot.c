/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: the boot sector. The input is its 512 bytes; a shorter one ends in zeros. What is
 * read does not depend on anything after them, and what is accepted has possible numbers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bde/format/boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_boot(const uint8_t *sector, const struct boot *boot)
{
	check(boot->sector_size == 512 || boot->sector_size == 4096);
	check(boot->kind <= BOOT_UNKNOWN);
	check(!boot->to_go || boot->kind != BOOT_VISTA);
	check(guid_is_zero(&boot->volume_id));
	if (boot->kind != BOOT_EOW)
		check(boot->eow[0] == 0 && boot->eow[1] == 0);
	if (boot->kind == BOOT_VISTA)
		check(boot->offsets[0] % boot->sector_size == 0 && guid_is_zero(&boot->guid));
	/* a FAT volume is not taken for BitLocker's by its name alone */
	if (boot_is_bitlocker(sector) && boot->to_go)
		check(boot->kind == BOOT_NORMAL || boot->kind == BOOT_EOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot boot = {.sector_size = 1};
	struct err err = {0};
	uint8_t *sector = calloc(1, BOOT_SIZE);

	check(sector != NULL);
	memcpy(sector, data, size < BOOT_SIZE ? size : BOOT_SIZE);
	(void)boot_is_bitlocker(sector);
	if (boot_parse(sector, &boot, &err) == 0)
		check_boot(sector, &boot);
	else
		check(err.kind == ERR_DISK && err.message[0] && boot.sector_size == 1);
	free(sector);
	return 0;
}
