/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The little of NTFS that the maker reads: $Bitmap, and the places of the files
 *   System Volume Information\FVE2.{guid}.1 .2 .3   one metadata block each
 *   System Volume Information\FVE2.{guid}           the relocated header
 * with which Windows keeps BitLocker's areas from being allocated. Volumes come from mkntfs,
 * so attribute lists are not followed.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/mkade/disk/fsmap.h"
#include "tests/mkade/util.h"

#define RECORD_MAX     4096u
#define FIXUP_STRIDE   512u
#define ATTR_FILE_NAME 0x30u
#define ATTR_DATA      0x80u
#define ATTR_END       0xffffffffu
#define RECORD_BITMAP  6
#define RUNS_MAX       512

struct run {
	uint64_t lcn, count;
	bool hole;
};

struct runs {
	struct run run[RUNS_MAX];
	size_t n;
	uint64_t size; /* bytes of data */
};

struct ntfs {
	int fd;
	uint32_t cluster_size, record_size;
	struct runs mft;
};

static void fixup(uint8_t *rec, uint32_t size)
{
	uint16_t usa = get16(rec + 4), count = get16(rec + 6);

	if (usa + 2u * count > size || (count ? count - 1u : 0u) * FIXUP_STRIDE > size)
		die("NTFS: bad update sequence");
	for (uint16_t i = 1; i < count; i++)
		memcpy(rec + (size_t)i * FIXUP_STRIDE - 2, rec + usa + (size_t)2 * i, 2);
}

static const uint8_t *find_attr(const uint8_t *rec, uint32_t size, uint32_t type)
{
	uint32_t at = get16(rec + 20);

	while (at + 64 <= size && get32(rec + at) != ATTR_END) {
		uint32_t len = get32(rec + at + 4);

		/* The unnamed one: a named $DATA is an alternate stream. */
		if (get32(rec + at) == type && (type != ATTR_DATA || rec[at + 9] == 0))
			return rec + at;
		if (len < 24 || len > size - at)
			die("NTFS: bad attribute");
		at += len;
	}
	return NULL;
}

/* A run: a byte with two lengths, that many bytes of count and of signed LCN difference. */
static bool decode_runs(const uint8_t *attr, struct runs *ret_runs)
{
	const uint8_t *p = attr + get16(attr + 32), *end = attr + get32(attr + 4);
	int64_t lcn = 0;

	ret_runs->n = 0;
	ret_runs->size = get64(attr + 48);
	while (p < end && *p) {
		unsigned int nc = *p & 15, nl = *p >> 4;
		struct run *r = &ret_runs->run[ret_runs->n];
		uint64_t diff = 0;

		if (nc > 8 || nl > 8 || nc + nl >= (size_t)(end - p) || ret_runs->n == RUNS_MAX)
			return false;
		r->count = 0;
		for (unsigned int i = nc; i > 0; i--)
			r->count = r->count << 8 | p[i];
		if (nl && p[nc + nl] & 0x80)
			diff = UINT64_MAX;
		for (unsigned int i = nl; i > 0; i--)
			diff = diff << 8 | p[nc + i];
		lcn += (int64_t)diff;
		r->lcn = (uint64_t)lcn;
		r->hole = nl == 0;
		ret_runs->n++;
		p += 1 + nc + nl;
	}
	return true;
}

static void read_runs(const struct ntfs *fs, const struct runs *runs, uint64_t off, uint8_t *buf,
		      uint64_t n)
{
	for (size_t i = 0; i < runs->n && n; i++) {
		uint64_t len = runs->run[i].count * fs->cluster_size;
		uint64_t part = off < len ? len - off : 0;

		if (part > n)
			part = n;
		if (part && runs->run[i].hole)
			memset(buf, 0, part);
		else if (part)
			pread_all(fs->fd, buf, part, runs->run[i].lcn * fs->cluster_size + off);
		buf += part;
		n -= part;
		off = off > len ? off - len : 0;
	}
	if (n)
		die("NTFS: data ends early");
}

static bool read_record(const struct ntfs *fs, uint64_t number, uint8_t *rec)
{
	read_runs(fs, &fs->mft, number * fs->record_size, rec, fs->record_size);
	if (memcmp(rec, "FILE", 4) != 0)
		return false;
	fixup(rec, fs->record_size);
	return get16(rec + 22) & 1; /* in use */
}

/* Index into fsmap.reserved by the file's name, or -1. */
static int fve_file_index(const uint8_t *attr)
{
	static const char prefix[] = "FVE2.{";
	const uint8_t *value = attr + get16(attr + 20);
	size_t len = value[64];
	char name[256];

	for (size_t i = 0; i < len; i++)
		name[i] = value[66 + 2 * i + 1] ? '?' : (char)value[66 + 2 * i];
	name[len] = 0;
	if (len < 40 || strncmp(name, prefix, strlen(prefix)) != 0)
		return -1;
	if (name[len - 1] == '}')
		return 3;
	if (name[len - 2] == '.' && name[len - 1] >= '1' && name[len - 1] <= '3')
		return name[len - 1] - '1';
	return -1;
}

static void find_reserved(struct fsmap *map, const struct ntfs *fs)
{
	uint8_t rec[RECORD_MAX];
	struct runs runs;

	for (uint64_t i = 16; i < fs->mft.size / fs->record_size; i++) {
		const uint8_t *name, *data;
		int index;

		if (!read_record(fs, i, rec))
			continue;
		name = find_attr(rec, fs->record_size, ATTR_FILE_NAME);
		data = find_attr(rec, fs->record_size, ATTR_DATA);
		index = name ? fve_file_index(name) : -1;
		if (index < 0 || !data || !data[8] || !decode_runs(data, &runs))
			continue;
		if (runs.n != 1 || runs.run[0].hole)
			die("an FVE2 file on the volume is in more than one piece");
		map->reserved[index] = runs.run[0].lcn * fs->cluster_size;
		map->reserved_size[index] = runs.run[0].count * fs->cluster_size;
	}
}

/* A count of units, or as a negative number the power of two of smaller units. */
static uint32_t coded_size(uint8_t code, uint32_t unit, uint32_t small_unit)
{
	unsigned int shift = 256u - code;

	if (!code || !unit || (code > 0x80 && shift > 16))
		die("NTFS: bad boot sector");
	if (code <= 0x80)
		return code * unit;
	return small_unit << shift;
}

void fsmap_read_ntfs(struct fsmap *map, int fd, const uint8_t boot[512])
{
	struct ntfs fs = {.fd = fd};
	uint8_t rec[RECORD_MAX];
	const uint8_t *data;
	struct runs runs;

	map->kind = FS_NTFS;
	map->sector_size = get16(boot + 11);
	map->cluster_size = coded_size(boot[13], map->sector_size, map->sector_size);
	map->cluster_count = get64(boot + 40) * map->sector_size / map->cluster_size;
	map->mft_mirror = get64(boot + 56);
	fs.cluster_size = map->cluster_size;
	fs.record_size = coded_size(boot[64], fs.cluster_size, 1);
	if (!map->cluster_count || fs.record_size < 512 || fs.record_size > RECORD_MAX)
		die("NTFS: bad boot sector");

	pread_all(fd, rec, fs.record_size, get64(boot + 48) * fs.cluster_size);
	fixup(rec, fs.record_size);
	data = find_attr(rec, fs.record_size, ATTR_DATA);
	if (!data || !data[8] || !decode_runs(data, &fs.mft))
		die("NTFS: $MFT not found");
	if (!read_record(&fs, RECORD_BITMAP, rec))
		die("NTFS: $Bitmap not found");
	data = find_attr(rec, fs.record_size, ATTR_DATA);
	if (!data || !data[8] || !decode_runs(data, &runs) || runs.size < map->cluster_count / 8)
		die("NTFS: $Bitmap not understood");
	map->used = xalloc(runs.size + 1);
	read_runs(&fs, &runs, 0, map->used, runs.size);
	find_reserved(map, &fs);
}
