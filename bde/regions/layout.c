/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table is made in layers: the state of every offset, from the conversion; the volume's first
 * bytes, from where they were moved, each in the state of that place; BitLocker's own structures,
 * which read as zeros; and what is missing from a truncated image.
 *
 * A watermark divides by physical offset: ciphertext before it, plaintext after it. Next to it are
 * the bytes that were being converted when the machine stopped. On which side of the mark they are
 * depends on the direction and on when the mark was moved, and neither was ever seen; so both sides
 * are refused.
 */
#include "bde/regions/layout.h"

#include <errno.h>
#include <stdlib.h>

#include "base/checked.h"

static uint64_t round_down(uint64_t value, uint64_t unit)
{
	return value - value % unit;
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
	return value < limit ? value : limit;
}

/* Append up to `end`. */
static int append_to(struct regions *regions, enum region_kind kind, uint64_t end)
{
	uint64_t start = regions_end(regions);

	return end > start ? regions_append(regions, kind, end - start) : 0;
}

/* ---------------------------------------------------------------------- base */

static int base_watermark(const struct layout_input *input, struct regions *regions)
{
	uint64_t mark = at_most(input->block->encrypted_size, input->volume_size);
	uint64_t window = input->block->conversion_size;
	uint64_t low = round_down(mark > window ? mark - window : 0, input->sector_size);
	uint64_t high = mark + window;
	int result;

	high += (input->sector_size - high % input->sector_size) % input->sector_size;
	result = append_to(regions, REGION_CIPHER, low);
	if (result == 0)
		result = append_to(regions, REGION_REFUSE, at_most(high, input->volume_size));
	return result == 0 ? append_to(regions, REGION_PLAIN, input->volume_size) : result;
}

/* One region of the bitmaps; chunks are counted from its start. */
static int base_chunks(const struct eow_map *map, const struct eow_region *region, uint64_t limit,
		       struct regions *regions)
{
	uint64_t count = eow_map_chunk_count(map, region);
	int result = 0;

	for (uint64_t i = 0; i < count && result == 0; i++) {
		uint64_t start = region->start + i * map->chunk_size;
		uint64_t end = at_most(start + map->chunk_size, region->end);
		enum region_kind kind = !region->bits		   ? REGION_REFUSE
					: start == region->busy	   ? REGION_REFUSE
					: eow_bit(region->bits, i) ? REGION_CIPHER
								   : REGION_PLAIN;

		if (start >= limit)
			break;
		result = append_to(regions, kind, at_most(end, limit));
	}
	return result;
}

/* The header's own range first: its bytes were moved elsewhere. */
static int base_bitmaps(const struct layout_input *input, struct regions *regions)
{
	const struct eow_map *map = input->map;
	uint64_t limit = input->volume_size;
	int result = append_to(regions, REGION_REFUSE, at_most(input->block->header_size, limit));

	for (uint32_t i = 0; map && i < map->count && result == 0; i++) {
		const struct eow_region *region = &map->regions[i];

		if (!region->known)
			continue;
		result = append_to(regions, REGION_REFUSE, at_most(region->start, limit));
		if (result == 0 && region->bits)
			result = base_chunks(map, region, limit, regions);
		else if (result == 0)
			result = append_to(regions, REGION_REFUSE, at_most(region->end, limit));
	}
	return result == 0 ? append_to(regions, REGION_REFUSE, limit) : result;
}

/*
 * The encrypted size is a watermark; on a volume that is completely encrypted it should be the size
 * of the volume. If it is not, it is not known whether the rest is ciphertext.
 */
static int base_encrypted(const struct layout_input *input, struct regions *regions)
{
	uint64_t covered = at_most(input->block->encrypted_size, input->volume_size);
	int result = append_to(regions, REGION_CIPHER, round_down(covered, input->sector_size));

	return result == 0 ? append_to(regions, REGION_REFUSE, input->volume_size) : result;
}

static int base_regions(const struct layout_input *input, struct regions *regions)
{
	switch (input->base) {
	case LAYOUT_BITMAP:
		return base_bitmaps(input, regions);
	case LAYOUT_WATERMARK:
		return base_watermark(input, regions);
	case LAYOUT_CIPHER:
		return base_encrypted(input, regions);
	case LAYOUT_PLAIN:
		return append_to(regions, REGION_PLAIN, input->volume_size);
	case LAYOUT_REFUSED:
		break;
	}
	return append_to(regions, REGION_REFUSE, input->volume_size);
}

/* ------------------------------------------------------------------ overlays */

/* Ranges of one layer: gathered in any order, then laid over the table at once. */
struct layer {
	struct region *over;
	size_t count;
	size_t room;
	uint64_t floor; /* the volume's first bytes, which only their own layer touches */
};

static void layer_clear_cleanup(struct layer *layer)
{
	free(layer->over);
}

static int layer_add(struct layer *layer, enum region_kind kind, uint64_t start, uint64_t end,
		     uint64_t physical)
{
	if (start < layer->floor)
		start = layer->floor;
	if (start >= end)
		return 0;
	if (layer->count == layer->room) {
		size_t room = layer->room * 2 + 64;
		struct region *over = reallocarray(layer->over, room, sizeof(*over));

		if (!over)
			return -ENOMEM;
		layer->over = over;
		layer->room = room;
	}
	layer->over[layer->count++] =
		(struct region){.start = start, .end = end, .kind = kind, .physical = physical};
	return 0;
}

static int layer_zeros(struct layer *layer, uint64_t start, uint64_t size)
{
	uint64_t end;

	if (!checked_add(start, size, &end))
		return -EOVERFLOW;
	return layer_add(layer, REGION_ZERO, start, end, 0);
}

static int layer_lay(struct layer *layer, struct regions *regions)
{
	return regions_overlay(regions, layer->over, layer->count);
}

/* The first bytes, piece by piece, in the state of the place that they were moved to. */
static int overlay_header(const struct layout_input *input, struct regions *regions)
{
	struct layer layer CLEANUP(layer_clear) = {0};
	uint64_t at = input->block->header_offset;
	uint64_t end = at + input->block->header_size;
	const struct region *limit = regions->table + regions->count;
	const struct region *region = at < regions_end(regions) ? regions_find(regions, at) : limit;
	int result = 0;

	for (; at < end && region < limit && result == 0; region++) {
		uint64_t stop = at_most(region->end, end);

		result = layer_add(&layer, region->kind, at - input->block->header_offset,
				   stop - input->block->header_offset, at);
		at = stop;
	}
	if (result == 0 && at < end)
		result = layer_add(&layer, REGION_REFUSE, at - input->block->header_offset,
				   input->block->header_size, 0);
	return result == 0 ? layer_lay(&layer, regions) : result;
}

/*
 * How many bytes a bitmap that cannot be read and its log take is not known. They were seen next to
 * each other; so many bytes are refused, and no file can be there.
 */
static int overlay_lost_bitmaps(const struct layout_input *input, struct regions *regions)
{
	struct layer layer CLEANUP(layer_clear) = {.floor = input->block->header_size};
	const struct eow_map *map = input->map;
	int result = 0;

	for (uint32_t i = 0; i < map->count && result == 0; i++) {
		uint64_t start = map->regions[i].bitmap_offset;
		uint64_t end;

		if (map->regions[i].bitmap_size == 0 &&
		    checked_add(start, (uint64_t)EOW_BITMAP_MAX + map->log_size, &end))
			result = layer_add(&layer, REGION_REFUSE, start, end, 0);
	}
	return result == 0 ? layer_lay(&layer, regions) : result;
}

static int eow_zeros(const struct layout_input *input, struct layer *layer)
{
	const struct eow_map *map = input->map;
	uint64_t sector = input->sector_size;
	int result = 0;

	for (unsigned int i = 0; i < EOW_COPIES && result == 0; i++)
		result = layer_zeros(layer, map->places[i],
				     round_down(map->descriptor_size + sector - 1, sector));
	for (uint32_t i = 0; i < map->count && result == 0; i++) {
		const struct eow_region *region = &map->regions[i];

		if (region->bitmap_size == 0)
			continue;
		result = layer_zeros(layer, region->bitmap_offset,
				     round_down(region->bitmap_size + sector - 1, sector));
		if (result == 0)
			result = layer_zeros(layer, region->log_offset, map->log_size);
	}
	return result;
}

/*
 * BitLocker's structures are zeros; but never the volume's first bytes, whatever the metadata says.
 */
static int overlay_structures(const struct layout_input *input, struct regions *regions)
{
	struct layer layer CLEANUP(layer_clear) = {.floor = input->block->header_size};
	int result = layer_zeros(&layer, input->block->header_offset, input->block->header_size);

	for (unsigned int i = 0; i < BLOCK_COPIES && result == 0; i++)
		result = layer_zeros(&layer, input->block->offsets[i], BLOCK_SIZE);
	if (result == 0 && input->map)
		result = eow_zeros(input, &layer);
	return result == 0 ? layer_lay(&layer, regions) : result;
}

/* Ciphertext and plaintext that the encrypted volume below does not have. */
static int overlay_cut(uint64_t available, uint32_t sector_size, struct regions *regions)
{
	struct layer layer CLEANUP(layer_clear) = {0};
	uint64_t whole = round_down(available, sector_size);
	int result = 0;

	for (size_t i = 0; i < regions->count && result == 0; i++) {
		const struct region *region = &regions->table[i];
		uint64_t there = whole > region->physical ? whole - region->physical : 0;

		if ((region->kind == REGION_CIPHER || region->kind == REGION_PLAIN) &&
		    region->end - region->start > there)
			result = layer_add(&layer, REGION_REFUSE, region->start + there,
					   region->end, 0);
	}
	return result == 0 ? layer_lay(&layer, regions) : result;
}

int layout_build(const struct layout_input *input, uint64_t available, struct regions *ret_regions)
{
	struct regions regions CLEANUP(regions_clear) = {0};
	int result = base_regions(input, &regions);

	if (result == 0)
		result = overlay_header(input, &regions);
	if (result == 0 && input->map)
		result = overlay_lost_bitmaps(input, &regions);
	if (result == 0)
		result = overlay_structures(input, &regions);
	if (result == 0)
		result = overlay_cut(available, input->sector_size, &regions);
	if (result < 0)
		return result;
	*ret_regions = regions;
	regions = (struct regions){0};
	return 0;
}

uint64_t layout_known_end(const struct layout_input *input)
{
	const struct eow_map *map = input->map;

	if (map && map->count > 0 && map->regions[map->count - 1].known)
		return map->regions[map->count - 1].end;
	/* version 1 has no such field */
	return input->base == LAYOUT_CIPHER && input->block->version != 1
		       ? input->block->encrypted_size
		       : 0;
}
