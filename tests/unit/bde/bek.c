/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BEK files: both layouts, others that may come, and every kind of damage. */
#include "bde/format/bek.h"

#include <errno.h>

#include "tests/bde_made.h"
#include "tests/tap.h"

static void test_layout(bool newer, size_t want_size)
{
	uint8_t data[MADE_BEK_SIZE_NEW];
	size_t size = made_bek(newer, data);
	struct bek bek;

	is(size, want_size, "a BEK file of %zu bytes", want_size);
	is(bek_parse(data, size, &bek, NULL), 0, "  is read");
	ok(memcmp(bek.protector_id.bytes, made_bek_id, 16) == 0, "  its protector");
	ok(memcmp(bek.key, made_bek_key, BEK_KEY_SIZE) == 0, "  its key");
}

static void refuses(const uint8_t *data, size_t size, const char *want)
{
	struct err err = {0};
	struct bek bek;

	is(bek_parse(data, size, &bek, &err), -EINVAL, "refused: %s", want);
	if (!ok(strstr(err.message, want) != NULL && err.kind == ERR_KEY, "  says so"))
		printf("# got '%s'\n", err.message);
}

/* A change to one number of a good file. */
static void refuses_change(size_t at, uint64_t value, size_t bytes, const char *want)
{
	uint8_t data[MADE_BEK_SIZE_NEW];
	size_t size = made_bek(false, data);

	made_put(data + at, value, bytes);
	refuses(data, size, want);
}

static void test_damage(void)
{
	uint8_t data[MADE_BEK_SIZE_NEW];

	(void)made_bek(false, data);
	refuses(data, 0, "empty");
	refuses(data, 47, "ends at byte 47, within its header");
	refuses(data, 100, "ends at byte 100 of 156");
	refuses(data, BEK_FILE_MAX + 1, "not a BEK file");
	made_put(data, 40, 4); /* in both places: less than the header */
	made_put(data + 12, 40, 4);
	refuses(data, 156, "wrong size at byte 0");
	refuses_change(0, 0xffffffff, 4, "wrong size at byte 0");
	refuses_change(0, 40, 4, "wrong size at byte 0");
	refuses_change(4, 2, 4, "unknown version at byte 4");
	refuses_change(8, 64, 4, "wrong header size at byte 8");
	refuses_change(48, 0, 2, "datum of a wrong size at byte 48");
	refuses_change(48, 7, 2, "datum of a wrong size at byte 48");
	refuses_change(48, 0xffff, 2, "datum of a wrong size at byte 48");
	refuses_change(52, 0x0a, 2, "no external key");
	refuses_change(80, 0xffff, 2, "datum of a wrong size");
	refuses_change(112, 40, 2, "key of a wrong size at byte 120");
	refuses_change(112, 12, 2, "key of a wrong size at byte 120");
	refuses_change(116, 2, 2, "without a key");
	refuses_change(12, 157, 4, "wrong size at byte 0");
	refuses((const uint8_t *)"this is not a BEK file, but a text of more than 48 bytes", 56,
		"damaged BEK file");
}

/* No byte, whatever its value, may lead outside of the file; ASan watches. */
static void test_every_byte(void)
{
	static const uint8_t values[] = {0, 1, 7, 8, 0x7f, 0x80, 0xff};
	unsigned int read = 0;

	for (size_t at = 0; at < (size_t)2 * MADE_BEK_SIZE_NEW; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			uint8_t *data = malloc(MADE_BEK_SIZE_NEW);
			size_t size;
			struct bek bek;

			must(data);
			size = made_bek(at >= MADE_BEK_SIZE_NEW, data);
			data[at % MADE_BEK_SIZE_NEW] = values[i];
			if (bek_parse(data, size, &bek, NULL) == 0)
				read += bek.key >= data && bek.key + 32 <= data + size;
			free(data);
		}
	}
	ok(read > 0, "every byte changed: %u files were still readable", read);
}

static void test_trailing(void)
{
	uint8_t data[MADE_BEK_SIZE_NEW + 16] = {0};
	size_t size = made_bek(true, data);
	struct bek bek;

	is(bek_parse(data, size + 16, &bek, NULL), 0, "bytes after the content do not matter");
}

int main(void)
{
	test_layout(false, MADE_BEK_SIZE);
	test_layout(true, MADE_BEK_SIZE_NEW);
	test_trailing();
	test_damage();
	test_every_byte();
	return tap_done();
}
