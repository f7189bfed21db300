/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a volume, from what is stored on the disk: a table of cases. */
#include "bde/state.h"

#include <stdlib.h>

#include "tests/tap.h"

enum {
	SIZE = 1 << 20, /* of the volume, bytes */
	HEADER_SIZE = 8192,
	HEADER_AT = 0x30000,
	CHUNK = 0x10000,
	/* BitLocker's own: the moved header, three copies of 64 KiB */
	DATA = SIZE - HEADER_SIZE - 3 * BLOCK_SIZE,
	XTS = BDE_METHOD_XTS_256,
};

/* The one region of a volume with a bitmap: 16 chunks after the volume's header. */
enum bitmap {
	NO_MAP,		 /* no EOW volume, or no descriptor can be read */
	ALL_CIPHER,	 /* every chunk is ciphertext */
	ALL_PLAIN,	 /* none is */
	FIRST_CIPHER,	 /* the first half of them */
	ALL_INTERRUPTED, /* all, and one was being converted */
	LOST,		 /* the bitmap cannot be read */
};

struct test {
	const char *name;
	enum boot_kind kind;
	enum bitmap bitmap;
	uint16_t current; /* states on disk */
	uint16_t next;
	uint64_t encrypted_size;
	uint32_t conversion_size;
	bool clear_key;
	enum block_eow says;
	/* what comes of it */
	enum bde_state state;
	enum bde_conversion conversion;
	enum layout_base base;
	uint64_t ciphertext_size;
	enum state_obstacle obstacle;
	enum state_obstacle salvage_obstacle;
};

#define FULL		 SIZE, 0
#define NO_EOW		 BLOCK_EOW_NO
#define YES_EOW		 BLOCK_EOW_YES
#define SERVED		 STATE_SERVED, STATE_SERVED
#define UNKNOWN		 BDE_STATE_OTHER, BDE_CONVERSION_NONE, LAYOUT_REFUSED, 0
#define DIVIDED		 BDE_STATE_PARTIAL, BDE_CONVERSION_WATERMARK, LAYOUT_WATERMARK
#define BY_MAP		 BDE_CONVERSION_BITMAP, LAYOUT_BITMAP
#define ALWAYS(obstacle) obstacle, obstacle
/* clang-format off */
static const struct test tests[] = {
	/* nothing is under way */
	{"encrypted", BOOT_NORMAL, NO_MAP, 4, 4, FULL, false, NO_EOW,
	 BDE_STATE_ENCRYPTED, BDE_CONVERSION_NONE, LAYOUT_CIPHER, DATA, SERVED},
	{"encrypted, Windows 7", BOOT_NORMAL, NO_MAP, 4, 4, FULL, false, BLOCK_EOW_UNSAID,
	 BDE_STATE_ENCRYPTED, BDE_CONVERSION_NONE, LAYOUT_CIPHER, DATA, SERVED},
	{"suspended", BOOT_NORMAL, NO_MAP, 4, 4, FULL, true, NO_EOW,
	 BDE_STATE_SUSPENDED, BDE_CONVERSION_NONE, LAYOUT_CIPHER, DATA, SERVED},
	{"encrypted, the last chunk not covered",
	 BOOT_NORMAL, NO_MAP, 4, 4, SIZE - CHUNK, 0, false, NO_EOW,
	 BDE_STATE_ENCRYPTED, BDE_CONVERSION_NONE, LAYOUT_CIPHER, DATA - CHUNK, SERVED},
	{"decrypted", BOOT_NORMAL, NO_MAP, 1, 1, 0, 0, false, NO_EOW,
	 BDE_STATE_DECRYPTED, BDE_CONVERSION_NONE, LAYOUT_PLAIN, 0, SERVED},
	{"decrypted, a clear key left", BOOT_NORMAL, NO_MAP, 1, 1, 0, 0, true, NO_EOW,
	 BDE_STATE_DECRYPTED, BDE_CONVERSION_NONE, LAYOUT_PLAIN, 0, SERVED},
	/* a watermark; the volume's header was moved past it */
	{"encrypting, paused", BOOT_NORMAL, NO_MAP, 5, 4, CHUNK, 0, false, NO_EOW,
	 DIVIDED, CHUNK - HEADER_SIZE, SERVED},
	{"decrypting, paused", BOOT_NORMAL, NO_MAP, 3, 1, CHUNK, 0, false, NO_EOW,
	 DIVIDED, CHUNK - HEADER_SIZE, SERVED},
	{"converting, to be encrypted", BOOT_NORMAL, NO_MAP, 2, 4, CHUNK, 0, false, NO_EOW,
	 DIVIDED, CHUNK - HEADER_SIZE, SERVED},
	{"converting, to be decrypted", BOOT_NORMAL, NO_MAP, 2, 1, CHUNK, 0, true, NO_EOW,
	 DIVIDED, CHUNK - HEADER_SIZE, SERVED},
	{"encrypting, interrupted", BOOT_NORMAL, NO_MAP, 5, 4, CHUNK, CHUNK / 2, false, NO_EOW,
	 DIVIDED, CHUNK / 2 - HEADER_SIZE, SERVED},
	/* states that are not known */
	{"encrypting, next decrypted", BOOT_NORMAL, NO_MAP, 5, 1, FULL, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"decrypting, next encrypted", BOOT_NORMAL, NO_MAP, 3, 4, FULL, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"encrypted, next decrypted", BOOT_NORMAL, NO_MAP, 4, 1, FULL, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"converting for ever", BOOT_NORMAL, NO_MAP, 2, 2, FULL, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"encrypted, bytes under way", BOOT_NORMAL, NO_MAP, 4, 4, SIZE, CHUNK, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"decrypted, bytes under way", BOOT_NORMAL, NO_MAP, 1, 1, 0, CHUNK, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"state 0", BOOT_NORMAL, NO_MAP, 0, 0, FULL, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"state 6", BOOT_NORMAL, NO_MAP, 6, 6, FULL, true, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	/* bitmaps */
	{"used space only", BOOT_EOW, FIRST_CIPHER, 4, 4, FULL, false, YES_EOW,
	 BDE_STATE_PARTIAL, BY_MAP, SIZE / 2 - BLOCK_SIZE - HEADER_SIZE, SERVED},
	{"bitmaps, all of it ciphertext", BOOT_EOW, ALL_CIPHER, 4, 4, FULL, false, YES_EOW,
	 BDE_STATE_ENCRYPTED, BY_MAP, DATA, SERVED},
	{"bitmaps, all of it ciphertext, suspended",
	 BOOT_EOW, ALL_CIPHER, 4, 4, FULL, true, YES_EOW,
	 BDE_STATE_SUSPENDED, BY_MAP, DATA, SERVED},
	{"bitmaps, all of it plaintext", BOOT_EOW, ALL_PLAIN, 4, 4, FULL, false, YES_EOW,
	 BDE_STATE_DECRYPTED, BY_MAP, 0, SERVED},
	{"bitmaps, decrypting, paused", BOOT_EOW, FIRST_CIPHER, 3, 1, FULL, false, YES_EOW,
	 BDE_STATE_PARTIAL, BY_MAP, SIZE / 2 - BLOCK_SIZE - HEADER_SIZE, SERVED},
	{"bitmaps, a chunk interrupted", BOOT_EOW, ALL_INTERRUPTED, 5, 4, FULL, false, YES_EOW,
	 BDE_STATE_PARTIAL, BY_MAP, DATA - CHUNK, SERVED},
	{"a bitmap lost", BOOT_EOW, LOST, 4, 4, FULL, true, YES_EOW,
	 BDE_STATE_PARTIAL, BY_MAP, 0, STATE_BITMAPS_LOST, STATE_SERVED},
	{"no descriptor", BOOT_EOW, NO_MAP, 4, 4, FULL, false, YES_EOW,
	 BDE_STATE_PARTIAL, BY_MAP, 0, STATE_NO_DESCRIPTOR, STATE_SERVED},
	{"bitmaps, state 0", BOOT_EOW, ALL_CIPHER, 0, 0, FULL, false, YES_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	{"bitmaps, state 6", BOOT_EOW, ALL_CIPHER, 6, 4, FULL, false, YES_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN)},
	/* the boot sector */
	{"the metadata has bitmaps, the boot sector none",
	 BOOT_NORMAL, NO_MAP, 4, 4, FULL, false, YES_EOW,
	 BDE_STATE_ENCRYPTED, BDE_CONVERSION_NONE, LAYOUT_CIPHER, DATA, STATE_CONTRADICTION,
	 STATE_SERVED},
	{"the same in an unknown state", BOOT_NORMAL, NO_MAP, 6, 6, FULL, false, YES_EOW,
	 UNKNOWN, STATE_CONTRADICTION, STATE_UNKNOWN},
	{"another kind of boot sector", BOOT_UNKNOWN, NO_MAP, 4, 4, FULL, false, NO_EOW,
	 UNKNOWN, ALWAYS(STATE_UNKNOWN_KIND)},
};
/* clang-format on */

static struct block make_block(const struct test *test)
{
	return (struct block){
		.version = 2,
		.state_current = test->current,
		.state_next = test->next,
		.encrypted_size = test->encrypted_size,
		.conversion_size = test->conversion_size,
		.offsets = {0x40000, 0x80000, 0xc0000},
		.header_offset = HEADER_AT,
		.header_size = HEADER_SIZE,
		.eow = test->says,
		.method = XTS,
	};
}

/* The EOW structures themselves are past the end, so that they take nothing from the data. */
static struct eow_region make_region(enum bitmap bitmap, uint8_t bits[2])
{
	bits[0] = bitmap == ALL_PLAIN ? 0 : 0xff;
	bits[1] = bitmap == ALL_PLAIN || bitmap == FIRST_CIPHER ? 0 : 0xff;
	return (struct eow_region){
		.known = true,
		.start = HEADER_SIZE,
		.end = SIZE,
		.bitmap_offset = SIZE,
		.bitmap_size = 512,
		.log_offset = SIZE,
		.bits = bitmap == LOST ? NULL : bits,
		.busy = bitmap == ALL_INTERRUPTED ? HEADER_SIZE + 5 * CHUNK : 0,
	};
}

static struct state compute(const struct test *test, const struct block *block)
{
	uint8_t bits[2];
	struct eow_region region = make_region(test->bitmap, bits);
	struct eow_map map = {
		.places = {SIZE, SIZE},
		.descriptor_size = 64,
		.chunk_size = CHUNK,
		.log_size = 512,
		.count = 1,
		.regions = &region,
		.lost = test->bitmap == LOST,
	};
	const struct state_input input = {
		.kind = test->kind,
		.block = block,
		.map = test->bitmap == NO_MAP ? NULL : &map,
		.clear_key = test->clear_key,
		.sector_size = 512,
		.source_size = SIZE + 100,
	};
	struct state state;

	must(state_compute(&input, &state) == 0);
	return state;
}

static void test_case(const struct test *test)
{
	struct block block = make_block(test);
	struct state state = compute(test, &block);

	is(state.state, test->state, "%s: %s", test->name, bde_state_name(test->state));
	is(state.conversion, test->conversion, "  what says which parts are ciphertext");
	is(state.suspended, test->clear_key, "  suspended");
	is(state.layout.base, test->base, "  the layout's base");
	is(state.ciphertext_size, test->ciphertext_size, "  bytes of ciphertext");
	is(state.obstacle, test->obstacle, "  what is in the way");
	is(state.salvage_obstacle, test->salvage_obstacle, "  what is in the way of salvaging");
	is(state.layout.volume_size, SIZE, "  whole sectors");
}

static void test_blocks(void)
{
	struct block block = make_block(&tests[0]);

	block.header_size = 0;
	is(compute(&tests[0], &block).obstacle, STATE_NO_HEADER, "no moved header");
	block = make_block(&tests[0]);
	block.method = 0x8006;
	is(compute(&tests[0], &block).obstacle, STATE_UNKNOWN_METHOD, "an unknown method");
	is(compute(&tests[0], &block).salvage_obstacle, STATE_UNKNOWN_METHOD, "  nor salvaged");
	block.state_current = 1;
	block.state_next = 1;
	is(compute(&tests[0], &block).obstacle, STATE_SERVED, "  needs none when decrypted");
	block = make_block(&tests[0]);
	block.version = 1;
	block.encrypted_size = 0;
	is(compute(&tests[0], &block).obstacle, STATE_VISTA, "version 1 is not served");
}

static void test_vista(void)
{
	struct test test = tests[0];
	struct block block;
	struct state state;

	test.kind = BOOT_VISTA;
	block = make_block(&test);
	block.version = 1;
	block.encrypted_size = 0;
	block.header_size = 0;
	block.header_offset = 0;
	state = compute(&test, &block);
	is(state.state, BDE_STATE_ENCRYPTED, "Vista: encrypted");
	is(state.obstacle, STATE_VISTA, "  and not served");
	is(state.salvage_obstacle, STATE_VISTA, "  nor salvaged");
	is(state.ciphertext_size, 0, "  how much is ciphertext is not known");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		test_case(&tests[i]);
	test_blocks();
	test_vista();
	return tap_done();
}
