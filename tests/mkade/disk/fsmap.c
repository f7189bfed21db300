/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Free clusters of the file system to encrypt, and FAT32's part: see fsmap.h. */
#include "tests/mkade/disk/fsmap.h"

#include <stdlib.h>
#include <string.h>

#include "tests/mkade/util.h"

#define FAT_ENTRY_MASK 0x0fffffffu
#define FAT_PIECE      65536u

static void read_fat32(struct fsmap *map, int fd, const uint8_t boot[512])
{
	uint32_t reserved = get16(boot + 14), fats = boot[16], total = get32(boot + 32);
	uint32_t fat_sectors = get32(boot + 36);
	uint8_t *piece = xalloc(FAT_PIECE);

	if (memcmp(boot + 82, "FAT32", 5) != 0 || !fat_sectors || !boot[13])
		die("the volume is neither NTFS nor FAT32");
	map->kind = FS_FAT32;
	map->sector_size = get16(boot + 11);
	map->cluster_size = map->sector_size * boot[13];
	map->first_cluster = ((uint64_t)reserved + (uint64_t)fats * fat_sectors) * map->sector_size;
	map->cluster_count =
		((uint64_t)total * map->sector_size - map->first_cluster) / map->cluster_size;
	map->used = xalloc(map->cluster_count / 8 + 1);
	for (uint64_t c = 0; c < map->cluster_count; c++) {
		uint64_t at = 4 * (c + 2); /* clusters are numbered from 2 */

		if (c == 0 || at % FAT_PIECE == 0)
			pread_all(fd, piece, FAT_PIECE,
				  (uint64_t)reserved * map->sector_size +
					  at / FAT_PIECE * FAT_PIECE);
		if (get32(piece + at % FAT_PIECE) & FAT_ENTRY_MASK)
			map->used[c / 8] |= (uint8_t)(1 << c % 8);
	}
	free(piece);
}

struct fsmap *fsmap_read(int fd)
{
	struct fsmap *map = xalloc(sizeof(*map));
	uint8_t boot[512];

	pread_all(fd, boot, sizeof(boot), 0);
	if (memcmp(boot + 3, "NTFS    ", 8) == 0)
		fsmap_read_ntfs(map, fd, boot);
	else
		read_fat32(map, fd, boot);
	if (map->sector_size != 512 && map->sector_size != 4096)
		die("sectors of %u bytes", map->sector_size);
	return map;
}

void fsmap_free(struct fsmap *map)
{
	if (map) {
		free(map->used);
		free(map);
	}
}

static bool is_used(const struct fsmap *map, uint64_t cluster)
{
	return map->used[cluster / 8] >> cluster % 8 & 1;
}

bool fsmap_is_free(const struct fsmap *map, uint64_t offset, uint64_t size)
{
	uint64_t end;

	if (offset < map->first_cluster)
		return false;
	end = (offset + size - map->first_cluster + map->cluster_size - 1) / map->cluster_size;
	for (uint64_t c = (offset - map->first_cluster) / map->cluster_size; c < end; c++)
		if (c < map->cluster_count && is_used(map, c))
			return false;
	return true;
}

void fsmap_mark(struct fsmap *map, uint64_t offset, uint64_t size)
{
	uint64_t end =
		(offset + size - map->first_cluster + map->cluster_size - 1) / map->cluster_size;

	for (uint64_t c = (offset - map->first_cluster) / map->cluster_size; c < end; c++)
		if (c < map->cluster_count)
			map->used[c / 8] |= (uint8_t)(1 << c % 8);
}

/* First run of n free clusters that starts in [from, to), or UINT64_MAX. */
static uint64_t find_run(const struct fsmap *map, uint64_t from, uint64_t to, uint64_t n)
{
	uint64_t run = 0;

	for (uint64_t c = from; c < map->cluster_count && c - run < to; c++) {
		run = is_used(map, c) ? 0 : run + 1;
		if (run == n)
			return c + 1 - n;
	}
	return UINT64_MAX;
}

uint64_t fsmap_take(struct fsmap *map, uint64_t from, uint64_t size)
{
	uint64_t n = (size + map->cluster_size - 1) / map->cluster_size;
	uint64_t start =
		from > map->first_cluster ? (from - map->first_cluster) / map->cluster_size : 0;
	uint64_t at = find_run(map, start, UINT64_MAX, n), offset;

	if (at == UINT64_MAX)
		at = find_run(map, 1, start, n);
	if (at == UINT64_MAX)
		die("no %llu free bytes in one piece on the volume", (unsigned long long)size);
	offset = map->first_cluster + at * map->cluster_size;
	fsmap_mark(map, offset, size);
	return offset;
}
