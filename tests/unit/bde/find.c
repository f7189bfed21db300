/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Volumes whose boot sector is gone, wrong or of no use: found by the metadata's signature. */
#include "bde/bde.h"

#include <errno.h>

#include "disk/memory.h"
#include "tests/bde_made_eow.h"
#include "tests/fault.h"
#include "tests/tap.h"

#define PATTERN UINT64_C(0x9d3b6c5a17e4f280)

static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};

static struct source *memory(const struct made *made)
{
	struct source *source = NULL;

	must(memory_new(made->disk, MADE_SIZE, &source) == 0);
	return source;
}

static int unlock_and_read(struct source *below, const struct bde_metadata *metadata,
			   unsigned int flags, const struct made *made)
{
	static uint8_t buffer[MADE_SIZE];
	struct bde_unlocked *unlocked = NULL;
	struct bde_key *key = NULL;
	const struct bde_protector *protector = NULL;
	struct source *volume = NULL;
	int result;

	must(bde_key_clear(&key, NULL) == 0);
	result = bde_unlock(metadata, key, &unlocked, &protector, NULL);
	if (result == 0)
		result = bde_volume_open(below, metadata, unlocked, flags, NULL, &volume, NULL);
	if (result == 0)
		result = source_pread(volume, buffer, MADE_SIZE, 0);
	if (result == 0 && memcmp(buffer, made->plain, MADE_SIZE) != 0)
		result = -EILSEQ;
	source_unref(volume);
	bde_unlocked_free(unlocked);
	bde_key_free(key);
	return result;
}

/* Found, says so, and every byte is right. */
static void finds(struct made *made, unsigned int flags, const char *name)
{
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *below = memory(made);
	struct bde_metadata *metadata = NULL;
	struct err err = {0};
	int result = bde_metadata_find(below, flags, &notes, &metadata, &err);

	if (!ok(result == 0, "%s: found", name))
		printf("# %d %s\n", result, err.message);
	must(metadata);
	ok(bde_metadata_info(metadata)->boot_lost, "  and known to be so");
	is(bde_metadata_info(metadata)->sector_size, made->sector_size, "  sector size");
	ok(notes.count > 0 && strstr(notes.text[0], "found by its signature"), "  with a warning");
	is(unlock_and_read(below, metadata, flags, made), 0, "  every byte right");
	bde_metadata_free(metadata);
	source_unref(below);
	free(made);
}

static void finds_nothing(struct made *made, unsigned int flags, int want, const char *name)
{
	struct source *below = memory(made);
	struct bde_metadata *metadata = NULL;
	struct err err = {0};

	is(bde_metadata_find(below, flags, NULL, &metadata, &err), want, "%s", name);
	ok((err.kind == ERR_NONE) == (want == -ENOENT), "  %s",
	   want == -ENOENT ? "which is no error" : "with words");
	bde_metadata_free(metadata);
	source_unref(below);
	free(made);
}

static struct made *headless(uint32_t sector_size, uint32_t place_flags)
{
	struct made *made =
		made_new_flags(BDE_METHOD_CBC_256, sector_size, MADE_CLEAR, place_flags);

	memset(made->disk, 0, MADE_HEADER_SIZE);
	return made;
}

static struct made *headless_eow(void)
{
	struct made *made = made_eow_new(BDE_METHOD_XTS_256, 512, MADE_CLEAR, PATTERN);

	memset(made->disk, 0xf6, MADE_HEADER_SIZE);
	return made;
}

static void test_normal(void)
{
	struct made *made;

	finds(headless(512, 0), 0, "zeros over the boot sector, Windows 7");
	finds(headless(512, 0x0a), 0, "the same, newer Windows");
	finds(headless(4096, 0x0b), 0, "sectors of 4096 bytes");
	made = headless(512, 0x0a);
	memset(made->disk + MADE_COPY_1, 0, 4096);
	memset(made->disk + MADE_COPY_3 + 100, 0, 4096);
	finds(made, 0, "one copy left");
	made = headless(512, 0x0a);
	for (size_t i = 0; i < 3; i++)
		made->disk[copies[i] + 200] ^= 1;
	finds_nothing(made, BDE_SALVAGE, -ENOENT, "no copy left");
	made = headless(512, 0x0a);
	for (size_t i = 0; i < 3; i++)
		memmove(made->disk + copies[i] + 512, made->disk + copies[i], 65536 - 512);
	for (size_t i = 0; i < 3; i++)
		memset(made->disk + copies[i], 0, 512);
	finds_nothing(made, BDE_SALVAGE, -ENOENT, "copies at offsets that they do not name");
}

static void test_eow(void)
{
	struct made *made;

	finds(headless_eow(), 0, "encrypt-on-write, its descriptor near");
	made = headless_eow();
	memset(made->disk + MADE_EOW_COPY_1, 0, 512);
	finds(made, 0, "one descriptor left");
	made = headless_eow();
	memset(made->disk + MADE_EOW_COPY_1, 0, 512);
	memset(made->disk + MADE_EOW_COPY_2, 0, 512);
	finds_nothing(made, 0, -ENOTSUP, "no descriptor: not treated as completely encrypted");
	made = headless_eow();
	memset(made->disk + MADE_EOW_COPY_1, 0, 512);
	memset(made->disk + MADE_EOW_COPY_2, 0, 512);
	finds_nothing(made, BDE_SALVAGE, -ENOTSUP, "nor with salvage");
	/* left by an earlier conversion: the metadata does not mention it */
	made = headless(512, 0x0a);
	memcpy(made->plain + 0x10000, "FVE-EOW", 8);
	memcpy(made->disk + 0x10000, made->plain + 0x10000, 512);
	made_encrypt_sector(made->method, made->fvek, 0x10000, made->disk + 0x10000, 512);
	finds(made, BDE_SALVAGE, "a stray descriptor is left alone");
}

/* Metadata of another volume, as a reformatted one leaves it: the one with more copies is taken. */
static void test_two_volumes(void)
{
	struct made *made = headless(512, 0x0a);
	struct made *other = made_new_flags(BDE_METHOD_CBC_256, 512, MADE_CLEAR, 0x0a);
	struct notes notes CLEANUP(notes_clear) = {0};
	struct bde_metadata *metadata = NULL;
	struct source *below;

	memset(other->disk + MADE_COPY_1 + 80, 0x2e, 16); /* the volume's identifier */
	made_seal(other, MADE_COPY_1, true);
	memcpy(made->disk + MADE_COPY_1, other->disk + MADE_COPY_1, 65536);
	below = memory(made);
	is(bde_metadata_find(below, 0, &notes, &metadata, NULL), 0, "two volumes' metadata");
	must(metadata);
	is(bde_metadata_info(metadata)->volume_id.bytes[0], 0x1d, "  the one with more copies");
	ok(strstr(notes.text[0], "of 2 BitLocker volumes"), "  with a warning");
	bde_metadata_free(metadata);
	source_unref(below);
	free(other);
	free(made);
}

/* The boot sector is there but leads nowhere: salvage searches. */
static void test_useless_boot(void)
{
	static const size_t damage[] = {11, 0xa0, 0xb0};

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct made *made = made_new_flags(BDE_METHOD_XTS_128, 512, MADE_CLEAR, 0x0a);
		struct source *below;
		struct bde_metadata *metadata = NULL;
		struct err err = {0};

		memset(made->disk + damage[i], 0x3c, damage[i] == 11 ? 2 : 24);
		below = memory(made);
		if (damage[i] != 0xa0) {
			ok(bde_metadata_read(below, 0, NULL, &metadata, &err) < 0,
			   "boot sector damaged at %zu: refused", damage[i]);
			is(bde_metadata_read(below, BDE_SALVAGE, NULL, &metadata, &err), 0,
			   "  salvage finds the metadata");
			must(metadata);
			is(unlock_and_read(below, metadata, BDE_SALVAGE, made), 0, "  right");
		} else {
			ok(bde_metadata_read(below, BDE_SALVAGE, NULL, &metadata, &err) == 0,
			   "kind and places damaged: found");
			is(unlock_and_read(below, metadata, BDE_SALVAGE, made), 0, "  right");
		}
		bde_metadata_free(metadata);
		source_unref(below);
		free(made);
	}
}

/* Bad sectors on the way are passed over, not the rest of the piece they lie in. */
static void test_bad_sectors(void)
{
	struct made *made = headless(512, 0x0a);
	struct source *below = memory(made);
	struct source *fault = NULL;
	struct fault_rule rules[] = {
		{.action = FAULT_ERROR, .offset = 0, .length = 512, .errnum = EIO},
		{.action = FAULT_ERROR, .offset = MADE_COPY_1, .length = 512, .errnum = EIO},
	};
	struct bde_metadata *metadata = NULL;

	must(fault_new(below, &fault) == 0);
	fault_add(fault, &rules[0]);
	fault_add(fault, &rules[1]);
	is(bde_metadata_find(fault, 0, NULL, &metadata, NULL), 0, "bad sectors on the way");
	must(metadata);
	ok(!bde_metadata_info(metadata)->copies[0].valid &&
		   bde_metadata_info(metadata)->copies[1].valid,
	   "  the second copy is used");
	bde_metadata_free(metadata);
	source_unref(fault);
	source_unref(below);
	free(made);
}

int main(void)
{
	test_normal();
	test_eow();
	test_two_volumes();
	test_useless_boot();
	test_bad_sectors();
	return tap_done();
}
