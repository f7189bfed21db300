/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan of an EOW volume: see eow.h. As on a real one (Windows 10, 512-byte sectors, chunks
 * of 8 MiB): two descriptors of a page each, then for each region its bitmap and, from the next
 * page on, its log. With sectors of 4096 bytes nobody has published a sample: what the structures
 * round to sectors is rounded to these then.
 */
#include "tests/mkade/bde/eow.h"

#include <stdlib.h>
#include <string.h>

#include "tests/mkade/random.h"
#include "tests/mkade/util.h"

#define PAGE		   4096u
#define CHUNK_DEFAULT	   (8 * MIB)
#define REGION_DEFAULT	   (256 * MIB)
#define DESCRIPTOR_HEADER  56u
#define RECORD_HEADER	   36u
#define REGIONS_MAX	   ((UINT16_MAX - DESCRIPTOR_HEADER) / 8)
#define FIRST_SEQUENCE	   2u
#define AREA_PLACE_PERCENT 66u

void eow_add_damage(struct eow *e, const char *text)
{
	static const struct {
		const char *name;
		unsigned int what;
	} kinds[] = {{"descriptor1", EOW_DESCRIPTOR1},
		     {"descriptor2", EOW_DESCRIPTOR2},
		     {"record", EOW_RECORD},
		     {"records", EOW_RECORDS},
		     {"stale-record", EOW_STALE},
		     {"bitmap", EOW_BITMAP},
		     {"log", EOW_LOG}};
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (e->damages == EOW_LOG_MAX)
		die("too many --eow-damage");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strlen(kinds[i].name) != len || strncmp(kinds[i].name, text, len) != 0)
			continue;
		e->damaged[e->damages].what = kinds[i].what;
		e->damaged[e->damages++].region =
			colon ? (uint32_t)parse_size(colon + 1) : EOW_WHOLE;
		return;
	}
	die("unknown damage '%s'", text);
}

static void add_regions(struct eow *e, uint64_t from, uint64_t to)
{
	while (from < to) {
		uint64_t size = to - from < e->region_max ? to - from : e->region_max;
		struct eow_region *r;

		if (e->regions == REGIONS_MAX)
			die("more than %u regions: --eow-region must be larger", REGIONS_MAX);
		e->region = realloc(e->region, (e->regions + 1) * sizeof(*e->region));
		if (!e->region)
			die("out of memory");
		r = &e->region[e->regions++];
		*r = (struct eow_region){.range = {from, size}, .sequence = FIRST_SEQUENCE};
		r->chunks = (uint32_t)((size + e->chunk - 1) / e->chunk);
		r->bits = xalloc(r->chunks / 8 + 1);
		from += size;
	}
}

static struct eow_region *largest(const struct eow *e)
{
	struct eow_region *best = &e->region[0];

	for (uint32_t i = 1; i < e->regions; i++)
		if (e->region[i].range.size > best->range.size)
			best = &e->region[i];
	return best;
}

static void place_areas(struct eow *e, const struct eow_volume *v)
{
	uint32_t sector = e->sector_size, most = largest(e)->chunks;
	uint64_t body = round_up((uint64_t)e->chunk / sector * EOW_ENTRY_LEN, sector);
	uint64_t page, stride, at;

	e->descriptor_size = DESCRIPTOR_HEADER + 8 * e->regions;
	e->record_size = (uint32_t)round_up(RECORD_HEADER + round_up(most, 32) / 8, sector);
	e->entry_size = (uint32_t)body + 2 * sector;
	e->log_size = 2 * e->entry_size + 2 * sector;
	page = round_up(e->descriptor_size, PAGE);
	stride = round_up(sector + 2 * e->record_size, PAGE) + round_up(e->log_size, PAGE);
	at = fsmap_take(v->map, v->size / 100 * AREA_PLACE_PERCENT,
			EOW_COPIES * page + e->regions * stride);
	for (int i = 0; i < EOW_COPIES; i++, at += page)
		e->descriptor[i] = at;
	for (uint32_t i = 0; i < e->regions; i++, at += stride) {
		e->region[i].bitmap = at;
		e->region[i].log = at + round_up(sector + 2 * e->record_size, PAGE);
	}
}

static bool in_ranges(const char *text, uint64_t from, uint64_t to)
{
	char *copy = xalloc(strlen(text) + 1), *save = NULL;
	bool found = false;

	memcpy(copy, text, strlen(text));
	for (char *one = strtok_r(copy, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		char *dash = strchr(one, '-');

		if (!dash)
			die("'%s' is not a range FROM-TO", one);
		*dash = 0;
		found |= from < (dash[1] ? parse_size(dash + 1) : UINT64_MAX) &&
			 parse_size(one) < to;
	}
	free(copy);
	return found;
}

static bool wish(const struct eow *e, const struct eow_volume *v, uint64_t off, uint64_t size)
{
	const char *which = e->encrypted ? e->encrypted : "all";
	uint8_t byte;

	if (off == v->header_offset && e->header != EOW_HEADER_ANY)
		return e->header == EOW_HEADER_ENCRYPTED;
	if (strcmp(which, "all") == 0)
		return true;
	if (strcmp(which, "none") == 0)
		return false;
	if (strcmp(which, "used") == 0)
		return !fsmap_is_free(v->map, off, size);
	if (strcmp(which, "random") != 0)
		return in_ranges(which, off, off + size);
	random_bytes(&byte, 1);
	return byte & 1;
}

uint64_t eow_chunk_size(const struct eow *e, const struct eow_region *r, uint64_t off)
{
	uint64_t left = r->range.offset + r->range.size - off;

	return left < e->chunk ? left : e->chunk;
}

static struct eow_region *region_of(const struct eow *e, uint64_t off)
{
	for (uint32_t i = 0; i < e->regions; i++)
		if (off >= e->region[i].range.offset &&
		    off - e->region[i].range.offset < e->region[i].range.size)
			return &e->region[i];
	die("no region holds offset %llu", (unsigned long long)off);
}

static uint64_t chunk_start(const struct eow *e, const struct eow_region *r, uint64_t off)
{
	return r->range.offset + (off - r->range.offset) / e->chunk * e->chunk;
}

static void fill_bits(struct eow *e, const struct eow_volume *v)
{
	for (uint32_t i = 0; i < e->regions; i++) {
		struct eow_region *r = &e->region[i];

		for (uint32_t c = 0; c < r->chunks; c++) {
			uint64_t off = r->range.offset + (uint64_t)c * e->chunk;

			if (wish(e, v, off, eow_chunk_size(e, r, off)))
				r->bits[c / 8] |= (uint8_t)(1 << c % 8);
		}
		/* Some logs name the last chunk converted, some have never been used. */
		if (i % 2 == 0) {
			r->sequence += r->chunks;
			r->converted = chunk_start(e, r, r->range.offset + r->range.size - 1);
		}
	}
}

static void apply_damage(struct eow *e)
{
	for (size_t i = 0; i < e->log_chunks; i++) {
		struct eow_region *r = region_of(e, e->log_chunk[i]);

		r->interrupted = chunk_start(e, r, e->log_chunk[i]);
		r->converted = 0;
	}
	for (size_t i = 0; i < e->damages; i++) {
		uint32_t number = e->damaged[i].region;
		struct eow_region *r;

		if (e->damaged[i].what & (EOW_DESCRIPTOR1 | EOW_DESCRIPTOR2)) {
			e->damage |= e->damaged[i].what;
			continue;
		}
		if (number != EOW_WHOLE && number >= e->regions)
			die("there is no region %u", number);
		r = number == EOW_WHOLE ? largest(e) : &e->region[number];
		r->damage |= e->damaged[i].what;
		if (r->damage & EOW_STALE && !r->converted)
			r->converted = chunk_start(e, r, r->range.offset + r->range.size / 2);
	}
}

void eow_plan(struct eow *e, const struct eow_volume *v)
{
	if (!e->chunk)
		e->chunk = CHUNK_DEFAULT;
	if (!e->region_max)
		e->region_max = REGION_DEFAULT;
	if (e->chunk % v->sector_size || e->region_max % v->sector_size)
		die("chunk and region are not whole sectors");
	e->sector_size = v->sector_size;
	e->volume_size = v->size;
	add_regions(e, v->header_size, v->header_offset);
	add_regions(e, v->header_offset, v->header_offset + v->header_size);
	add_regions(e, v->header_offset + v->header_size, v->size);
	place_areas(e, v);
	fill_bits(e, v);
	apply_damage(e);
}

bool eow_is_encrypted(const struct eow *e, uint64_t off, uint64_t *ret_end)
{
	const struct eow_region *r;
	uint32_t chunk;

	/* Nothing is at the front but the boot sector. */
	if (off < e->region[0].range.offset) {
		*ret_end = e->region[0].range.offset;
		return true;
	}
	r = region_of(e, off);
	chunk = (uint32_t)((off - r->range.offset) / e->chunk);
	*ret_end = r->range.offset + (uint64_t)chunk * e->chunk;
	*ret_end += eow_chunk_size(e, r, *ret_end);
	return r->bits[chunk / 8] >> chunk % 8 & 1;
}

void eow_add_zero(const struct eow *e, struct regions *l)
{
	for (int i = 0; i < EOW_COPIES; i++)
		regions_add(l, e->descriptor[i], round_up(e->descriptor_size, e->sector_size));
	for (uint32_t i = 0; i < e->regions; i++) {
		regions_add(l, e->region[i].bitmap, e->sector_size + 2 * e->record_size);
		regions_add(l, e->region[i].log, e->log_size);
	}
}

void eow_add_mixed(const struct eow *e, struct regions *l)
{
	for (uint32_t i = 0; i < e->regions; i++) {
		const struct eow_region *r = &e->region[i];

		if (r->interrupted)
			regions_add(l, r->interrupted, eow_chunk_size(e, r, r->interrupted));
		if (r->damage & EOW_STALE)
			regions_add(l, r->converted, eow_chunk_size(e, r, r->converted));
	}
}

void eow_add_lost(const struct eow *e, struct regions *l)
{
	if ((~e->damage & (EOW_DESCRIPTOR1 | EOW_DESCRIPTOR2)) == 0) {
		regions_add(l, e->region[0].range.offset,
			    e->volume_size - e->region[0].range.offset);
		return;
	}
	for (uint32_t i = 0; i < e->regions; i++)
		if (e->region[i].damage & (EOW_RECORDS | EOW_BITMAP | EOW_LOG))
			regions_add(l, e->region[i].range.offset, e->region[i].range.size);
}

void eow_free(struct eow *e)
{
	for (uint32_t i = 0; i < e->regions; i++)
		free(e->region[i].bits);
	free(e->region);
}
