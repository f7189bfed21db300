/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading the EOW structures off a volume, and deciding what they say; see eow_map.h.
 *
 * Of a bitmap's two records, the one with the higher sequence number is current. When one is
 * damaged, the other may be out of date by a change, which would be a whole chunk of wrong bytes:
 * it is used only when the damaged one still has the sequence number before its own.
 *
 * The log names the chunk that was being converted when the machine stopped. Its newest entry
 * decides. Each entry has its header at its start and again at its end; where neither can be read,
 * it is not known what was under way, and the region is lost.
 */
#include "bde/regions/eow_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

enum {
	SECTOR = 512,
	BLOCK_MAX = 4096,
};

uint64_t eow_map_chunk_count(const struct eow_map *map, const struct eow_region *region)
{
	uint64_t size = region->end - region->start;

	return size / map->chunk_size + (size % map->chunk_size != 0);
}

/*
 * Read what can be read of [offset, offset + size). Sectors that cannot be read become zeros, which
 * no checksum fits.
 */
static void read_leniently(struct source *volume, uint8_t *buffer, size_t size, uint64_t offset)
{
	if (source_pread(volume, buffer, size, offset) == 0)
		return;
	for (size_t at = 0; at < size; at += SECTOR) {
		size_t piece = size - at < SECTOR ? size - at : SECTOR;
		uint64_t place;

		if (!checked_add(offset, at, &place) ||
		    source_pread(volume, buffer + at, piece, place) < 0)
			memset(buffer + at, 0, piece);
	}
}

/* ---------------------------------------------------------------- descriptor */

struct copy {
	uint8_t *bytes;
	struct eow_descriptor descriptor;
};

static int read_descriptor(struct source *volume, uint64_t offset, struct copy *ret_copy,
			   struct err *err)
{
	uint8_t *bytes CLEANUP(free) = NULL;
	size_t size = source_clip(volume, EOW_DESCRIPTOR_MAX, offset);
	int result;

	if (offset == 0 || offset >= volume->size)
		return err_set(err, ERR_DISK, EINVAL, "not on the volume");
	bytes = malloc(EOW_DESCRIPTOR_MAX);
	if (!bytes)
		return err_nomem(err);
	read_leniently(volume, bytes, size, offset);
	result = eow_descriptor_parse(bytes, size, &ret_copy->descriptor, err);
	if (result == 0 && ret_copy->descriptor.copies[0] != offset &&
	    ret_copy->descriptor.copies[1] != offset)
		result = err_set(err, ERR_DISK, EINVAL, "it names other places than its own");
	if (result == 0)
		ret_copy->bytes = TAKE(bytes);
	return result;
}

static bool same_descriptor(const struct copy *a, const struct copy *b)
{
	return a->descriptor.size == b->descriptor.size &&
	       memcmp(a->bytes, b->bytes, a->descriptor.size) == 0;
}

static int no_descriptor(const struct eow_map *map, struct err *err)
{
	int result = err_set(
		err, ERR_DISK, EINVAL,
		"cannot tell which parts of the volume are encrypted: copy 1 of the EOW descriptor at offset %" PRIu64
		": %s; copy 2 at offset %" PRIu64 ": %s",
		map->copies[0], map->copy_problems[0], map->copies[1], map->copy_problems[1]);

	err_hint(err, "look for another image of this disk");
	return result;
}

/* Both copies are read; the first good one is used, and they must not differ. */
static int choose_descriptor(struct source *volume, struct eow_map *map, struct copy copies[2],
			     unsigned int *ret_index, struct err *err)
{
	for (unsigned int i = 0; i < EOW_COPIES; i++) {
		struct err why = {0};
		int result = read_descriptor(volume, map->copies[i], &copies[i], &why);

		if (result == 0)
			continue;
		map->copy_problems[i] = strdup(why.message);
		if (result == -ENOMEM || !map->copy_problems[i])
			return err_nomem(err);
	}
	if (!copies[0].bytes && !copies[1].bytes)
		return no_descriptor(map, err);
	if (copies[0].bytes && copies[1].bytes && !same_descriptor(&copies[0], &copies[1]))
		return err_set(
			err, ERR_DISK, EINVAL,
			"cannot tell which parts of the volume are encrypted: the two EOW descriptors at offsets %" PRIu64
			" and %" PRIu64 " differ",
			map->copies[0], map->copies[1]);
	*ret_index = copies[0].bytes ? 0 : 1;
	return 0;
}

/* ------------------------------------------------------------------- records */

/* Which of the two records is current; NULL and *ret_problem when that is not known. */
static const struct eow_record *choose_record(const struct eow_record records[EOW_RECORDS],
					      size_t bytes, const char **ret_problem)
{
	const struct eow_record *newer = &records[0];
	const struct eow_record *older = &records[1];

	*ret_problem = "neither of its records is usable";
	if (!newer->valid && !older->valid)
		return NULL;
	if (newer->valid && older->valid) {
		if (newer->sequence == older->sequence &&
		    memcmp(newer->bits, older->bits, bytes) != 0) {
			*ret_problem = "its records disagree";
			return NULL;
		}
		return newer->sequence >= older->sequence ? newer : older;
	}
	if (!newer->valid) {
		newer = &records[1];
		older = &records[0];
	}
	*ret_problem = "one of its records is damaged, and may be the newer one";
	return older->sequence + 1 == newer->sequence ? newer : NULL;
}

/* ----------------------------------------------------------------------- log */

struct newest {
	bool found;
	uint64_t lsn;
	uint64_t chunk;
	bool ambiguous;
};

static void consider(struct newest *newest, const struct eow_entry *entry)
{
	if (!entry->valid || (newest->found && entry->lsn < newest->lsn))
		return;
	newest->ambiguous = newest->found && entry->lsn == newest->lsn &&
			    (newest->ambiguous || entry->chunk != newest->chunk);
	newest->found = true;
	newest->lsn = entry->lsn;
	newest->chunk = entry->chunk;
}

static struct eow_entry read_entry(struct source *volume, uint64_t offset)
{
	uint8_t bytes[SECTOR];

	/* not leniently: zeros are an entry that was never written */
	if (source_pread(volume, bytes, sizeof(bytes), offset) < 0)
		return (struct eow_entry){0};
	return eow_entry_parse(bytes, sizeof(bytes));
}

/* False: neither of the entry's headers can be read. */
static bool read_slot(struct source *volume, const struct eow_log *log, uint64_t offset,
		      struct newest *newest)
{
	struct eow_entry head = read_entry(volume, offset);
	struct eow_entry tail = read_entry(volume, offset + log->entry_size - log->block_size);

	consider(newest, &head);
	consider(newest, &tail);
	return head.valid || tail.valid || (head.blank && tail.blank);
}

/* The log's header, from its start or its end. */
static bool read_log_header(struct source *volume, const struct eow_map *map, uint64_t offset,
			    uint32_t sector_size, struct eow_log *ret_log)
{
	uint64_t places[2] = {offset, offset + map->log_size - sector_size};
	uint8_t bytes[BLOCK_MAX];

	for (unsigned int i = 0; i < 2; i++) {
		read_leniently(volume, bytes, sector_size, places[i]);
		if (eow_log_parse(bytes, sector_size, ret_log))
			return true;
	}
	return false;
}

static bool is_chunk_of(const struct eow_map *map, const struct eow_region *region, uint64_t chunk)
{
	return chunk >= region->start && chunk < region->end &&
	       (chunk - region->start) % map->chunk_size == 0;
}

/* Which chunk was being converted. NULL, or why that is not known. */
static const char *read_log(struct source *volume, const struct eow_map *map,
			    const struct eow_descriptor *descriptor, struct eow_region *region)
{
	struct newest newest = {0};
	struct eow_log log;

	if (!read_log_header(volume, map, region->log_offset, descriptor->sector_size, &log))
		return "its conversion log is damaged";
	if (log.entry_size != descriptor->log_entry_size || log.region_offset != region->start ||
	    (uint64_t)log.entry_size * EOW_SLOTS + 2 * (uint64_t)log.block_size > map->log_size ||
	    log.entry_size < 2 * log.block_size)
		return "its conversion log is not its own";
	for (unsigned int i = 0; i < EOW_SLOTS; i++) {
		uint64_t at = region->log_offset + log.block_size + (uint64_t)i * log.entry_size;

		if (!read_slot(volume, &log, at, &newest))
			return "an entry of its conversion log is damaged";
	}
	if (newest.ambiguous)
		return "the entries of its conversion log disagree";
	if (!newest.found || newest.chunk == 0)
		return NULL;
	if (!is_chunk_of(map, region, newest.chunk))
		return "its conversion log names a chunk that is not its own";
	region->busy = newest.chunk;
	return NULL;
}

/* ------------------------------------------------------------------- bitmaps */

static int set_problem(struct eow_region *region, const char *problem)
{
	region->problem = strdup(problem);
	return region->problem ? 0 : -ENOMEM;
}

/* The region that a bitmap covers. NULL, or why it cannot be one. */
static const char *place_region(const struct eow_descriptor *descriptor,
				const struct eow_bitmap *bitmap, uint64_t floor,
				struct eow_region *region)
{
	uint64_t log_end;

	if (bitmap->region_size == 0 ||
	    !checked_add(bitmap->region_offset, bitmap->region_size, &region->end) ||
	    region->end > INT64_MAX || bitmap->region_offset % descriptor->sector_size != 0 ||
	    bitmap->region_size % descriptor->sector_size != 0)
		return "its region is impossible";
	if (bitmap->region_offset < floor)
		return "its region overlaps the one before";
	if (bitmap->log_offset == 0 || bitmap->log_offset % descriptor->sector_size != 0 ||
	    !checked_add(bitmap->log_offset, descriptor->log_size, &log_end) || log_end > INT64_MAX)
		return "the place of its conversion log is impossible";
	region->known = true;
	region->start = bitmap->region_offset;
	region->log_offset = bitmap->log_offset;
	region->bitmap_size = bitmap->size;
	return NULL;
}

/* -ENOMEM, or -EOVERFLOW when all bitmaps together are too much. */
static int take_bits(struct eow_region *region, const struct eow_record *record, size_t bytes,
		     size_t *total)
{
	if (bytes > EOW_BITS_MAX - *total)
		return -EOVERFLOW;
	*total += bytes;
	region->bits = malloc(bytes + 1); /* bytes is never 0, which the analyser cannot see */
	if (!region->bits)
		return -ENOMEM;
	memcpy(region->bits, record->bits, bytes);
	return 0;
}

struct reading { /* shared while the bitmaps are read */
	struct source *volume;
	struct eow_map *map;
	const struct eow_descriptor *descriptor;
	uint8_t *bytes; /* EOW_BITMAP_MAX */
	uint64_t floor; /* the end of the region before */
	size_t total;	/* bytes of bits that are kept */
};

static int read_records(struct reading *reading, const struct eow_bitmap *bitmap,
			struct eow_region *region)
{
	uint64_t count = eow_map_chunk_count(reading->map, region);
	size_t bytes = (size_t)(count / 8 + (count % 8 != 0));
	struct eow_record records[EOW_RECORDS];
	const struct eow_record *record;
	const char *problem;

	for (unsigned int i = 0; i < EOW_RECORDS; i++)
		records[i] = eow_record_parse(reading->bytes, bitmap, i, count);
	record = choose_record(records, bytes, &problem);
	if (record)
		problem = read_log(reading->volume, reading->map, reading->descriptor, region);
	if (!record || problem)
		return set_problem(region, problem);
	return take_bits(region, record, bytes, &reading->total);
}

static int read_region(struct reading *reading, uint32_t index, struct eow_region *region)
{
	struct eow_bitmap bitmap;
	struct err why = {0};
	size_t length;
	const char *problem;

	region->bitmap_offset = eow_bitmap_offset(reading->descriptor, index);
	if (region->bitmap_offset == 0 ||
	    region->bitmap_offset % reading->descriptor->sector_size != 0 ||
	    region->bitmap_offset >= reading->volume->size)
		return set_problem(region, "its place is not on the volume");
	length = source_clip(reading->volume, EOW_BITMAP_MAX, region->bitmap_offset);
	read_leniently(reading->volume, reading->bytes, length, region->bitmap_offset);
	if (eow_bitmap_parse(reading->bytes, length, &bitmap, &why) < 0)
		return set_problem(region, why.message);
	if (bitmap.index != index)
		return set_problem(region, "it is another bitmap");
	problem = place_region(reading->descriptor, &bitmap, reading->floor, region);
	if (problem)
		return set_problem(region, problem);
	reading->floor = region->end;
	return read_records(reading, &bitmap, region);
}

static void note_region(const struct eow_map *map, uint32_t index, struct notes *warnings)
{
	const struct eow_region *region = &map->regions[index];

	if (region->problem)
		notes_add(warnings,
			  "EOW bitmap %u of %u at offset %" PRIu64
			  " is lost, so it is not known which of its bytes are encrypted: %s",
			  index + 1, map->count, region->bitmap_offset, region->problem);
	else if (region->busy)
		notes_add(warnings,
			  "the conversion of %u bytes at offset %" PRIu64
			  " was interrupted; they cannot "
			  "be read",
			  map->chunk_size, region->busy);
}

static int read_regions(struct source *volume, struct eow_map *map,
			const struct eow_descriptor *descriptor, struct notes *warnings,
			struct err *err)
{
	uint8_t *bytes CLEANUP(free) = malloc(EOW_BITMAP_MAX);
	struct reading reading = {
		.volume = volume, .map = map, .descriptor = descriptor, .bytes = bytes};

	map->regions = calloc((size_t)descriptor->count + 1, sizeof(*map->regions));
	if (!bytes || !map->regions)
		return err_nomem(err);
	map->count = descriptor->count;
	for (uint32_t i = 0; i < map->count; i++) {
		int result = read_region(&reading, i, &map->regions[i]);

		if (result == -EOVERFLOW)
			return err_set(err, ERR_DISK, EOVERFLOW,
				       "the EOW bitmaps have more than %d bytes", EOW_BITS_MAX);
		if (result < 0)
			return err_nomem(err);
		map->lost += map->regions[i].problem != NULL;
		note_region(map, i, warnings);
	}
	return 0;
}

int eow_map_read(struct source *volume, const uint64_t places[EOW_COPIES], struct notes *warnings,
		 struct eow_map **ret_map, struct err *err)
{
	struct eow_map *map CLEANUP(eow_map_free) = calloc(1, sizeof(*map));
	struct copy copies[EOW_COPIES] = {0};
	unsigned int index = 0;
	int result;

	if (!map)
		return err_nomem(err);
	memcpy(map->copies, places, sizeof(map->copies));
	result = choose_descriptor(volume, map, copies, &index, err);
	if (result == 0) {
		const struct eow_descriptor *descriptor = &copies[index].descriptor;

		memcpy(map->places, descriptor->copies, sizeof(map->places));
		map->descriptor_size = descriptor->size;
		map->chunk_size = descriptor->chunk_size;
		map->log_size = descriptor->log_size;
		result = read_regions(volume, map, descriptor, warnings, err);
	}
	for (unsigned int i = 0; i < EOW_COPIES; i++) {
		if (result == 0 && map->copy_problems[i])
			notes_add(warnings,
				  "EOW descriptor copy %u at offset %" PRIu64 " is damaged: %s",
				  i + 1, places[i], map->copy_problems[i]);
		free(copies[i].bytes);
	}
	if (result == 0)
		*ret_map = TAKE(map);
	return result;
}

void eow_map_free(struct eow_map *map)
{
	if (!map)
		return;
	for (unsigned int i = 0; i < EOW_COPIES; i++)
		free(map->copy_problems[i]);
	for (uint32_t i = 0; map->regions && i < map->count; i++) {
		free(map->regions[i].bits);
		free(map->regions[i].problem);
	}
	free(map->regions);
	free(map);
}
