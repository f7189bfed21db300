/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what is stored on the disk to one state; see state.h. */
#include "bde/state.h"

#include <errno.h>

enum { /* states on disk; Windows' names for 2, 3 and 5 are not public */
	DISK_DECRYPTED = 1,
	DISK_CONVERTING = 2,
	DISK_DECRYPTING = 3, /* paused */
	DISK_ENCRYPTED = 4,
	DISK_ENCRYPTING = 5, /* paused */
	DISK_LAST = 5
};

const char *bde_state_name(enum bde_state state)
{
	switch (state) {
	case BDE_STATE_ENCRYPTED:
		return "encrypted";
	case BDE_STATE_SUSPENDED:
		return "encrypted, protection suspended";
	case BDE_STATE_DECRYPTED:
		return "decrypted";
	case BDE_STATE_PARTIAL:
		return "partly encrypted";
	case BDE_STATE_OTHER:
		break;
	}
	return "unknown";
}

bool bde_state_is_whole(enum bde_state state)
{
	return state == BDE_STATE_ENCRYPTED || state == BDE_STATE_SUSPENDED;
}

static enum bde_state encrypted(const struct state_input *input)
{
	return input->clear_key ? BDE_STATE_SUSPENDED : BDE_STATE_ENCRYPTED;
}

/* A conversion that was seen with a watermark; others are not believed. */
static bool has_watermark(const struct block *block)
{
	switch (block->state_current) {
	case DISK_DECRYPTING:
		return block->state_next == DISK_DECRYPTED;
	case DISK_ENCRYPTING:
		return block->state_next == DISK_ENCRYPTED;
	case DISK_CONVERTING:
		return block->state_next == DISK_DECRYPTED || block->state_next == DISK_ENCRYPTED;
	default:
		return false;
	}
}

/* Nothing is under way. */
static enum bde_state settled_state(const struct state_input *input)
{
	const struct block *block = input->block;

	if (block->state_current != block->state_next || block->conversion_size != 0)
		return BDE_STATE_OTHER;
	if (block->state_current == DISK_DECRYPTED)
		return BDE_STATE_DECRYPTED;
	return block->state_current == DISK_ENCRYPTED ? encrypted(input) : BDE_STATE_OTHER;
}

/* What says which parts are ciphertext. */
static void take_conversion(const struct state_input *input, struct state *state)
{
	const struct block *block = input->block;

	state->state = BDE_STATE_OTHER;
	if (input->kind == BOOT_EOW && block->state_current >= DISK_DECRYPTED &&
	    block->state_current <= DISK_LAST) {
		state->conversion = BDE_CONVERSION_BITMAP;
		state->state = BDE_STATE_PARTIAL;
		state->layout.base = LAYOUT_BITMAP;
	} else if (input->kind == BOOT_NORMAL && has_watermark(block)) {
		state->conversion = BDE_CONVERSION_WATERMARK;
		state->state = BDE_STATE_PARTIAL;
		state->layout.base = LAYOUT_WATERMARK;
	} else if (input->kind == BOOT_NORMAL || input->kind == BOOT_VISTA) {
		state->state = settled_state(input);
		state->layout.base = bde_state_is_whole(state->state)	   ? LAYOUT_CIPHER
				     : state->state == BDE_STATE_DECRYPTED ? LAYOUT_PLAIN
									   : LAYOUT_REFUSED;
	}
}

static bool interrupted(const struct eow_map *map)
{
	for (uint32_t i = 0; i < map->count; i++) {
		if (map->regions[i].busy != 0)
			return true;
	}
	return false;
}

/* What the layout comes to; bitmaps may come to all or nothing of the volume. */
static int add_up(const struct state_input *input, struct state *state)
{
	const struct eow_map *map = input->map;
	uint64_t end = state->layout.volume_size;
	struct regions regions CLEANUP(regions_clear) = {0};
	int result = layout_build(&state->layout, input->source_size, &regions);

	if (result < 0)
		return result == -EOVERFLOW ? 0 : result; /* refused when it is opened */
	state->ciphertext_size = regions_count(&regions, REGION_CIPHER, 0, end);
	if (state->conversion != BDE_CONVERSION_BITMAP || !map || map->lost > 0)
		return 0;
	if (state->ciphertext_size == 0)
		state->state = BDE_STATE_DECRYPTED;
	else if (regions_count(&regions, REGION_PLAIN, 0, end) == 0 && !interrupted(map))
		state->state = encrypted(input);
	return 0;
}

/* What is in the way of knowing which parts are ciphertext. */
static enum state_obstacle find_layout_obstacle(const struct state_input *input,
						const struct state *state, bool salvage)
{
	if (state->conversion == BDE_CONVERSION_BITMAP) {
		if (salvage || (input->map && input->map->lost == 0))
			return STATE_SERVED;
		return input->map ? STATE_BITMAPS_LOST : STATE_NO_DESCRIPTOR;
	}
	if (input->kind == BOOT_UNKNOWN)
		return STATE_UNKNOWN_KIND;
	/*
	 * No hash vouches for the boot sector. With the one of another time or volume in its place,
	 * what a bitmap calls plaintext would be decrypted.
	 */
	if (input->kind == BOOT_NORMAL && input->block->eow == BLOCK_EOW_YES && !salvage)
		return STATE_CONTRADICTION;
	return state->state == BDE_STATE_OTHER ? STATE_UNKNOWN : STATE_SERVED;
}

static enum state_obstacle find_obstacle(const struct state_input *input, const struct state *state,
					 bool salvage)
{
	enum state_obstacle obstacle = find_layout_obstacle(input, state, salvage);

	if (input->block->version != 2)
		return STATE_VISTA;
	if (obstacle != STATE_SERVED)
		return obstacle;
	if (input->block->header_size == 0)
		return STATE_NO_HEADER;
	if (state->state != BDE_STATE_DECRYPTED && method_fvek_size(input->block->method) == 0)
		return STATE_UNKNOWN_METHOD;
	return STATE_SERVED;
}

int state_compute(const struct state_input *input, struct state *ret_state)
{
	struct state state = {
		.conversion = BDE_CONVERSION_NONE,
		.suspended = input->clear_key,
		.layout = {.base = LAYOUT_REFUSED,
			   .sector_size = input->sector_size,
			   .volume_size =
				   input->source_size - input->source_size % input->sector_size,
			   .block = input->block,
			   .map = input->map},
	};
	int result;

	take_conversion(input, &state);
	result = add_up(input, &state);
	if (result < 0)
		return result;
	state.obstacle = find_obstacle(input, &state, false);
	state.salvage_obstacle = find_obstacle(input, &state, true);
	*ret_state = state;
	return 0;
}
