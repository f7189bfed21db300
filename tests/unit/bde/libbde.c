/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libbde as an engine: the contract of sources over it, every kind of key, what it does not open,
 * Vista's format, paused volumes, broken and short disks. What a version of it cannot do has to be
 * refused, with that version; it must never be a wrong byte.
 */
#include "config.h"

#include "bde/bde.h"

#include <errno.h>

#include "bde/libbde/libbde.h"
#include "disk/memory.h"
#include "disk/slice.h"
#include "open/engine.h"
#include "tests/bde_made.h"
#include "tests/fault.h"
#include "tests/source_contract.h"

static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};

/* libbde takes the size from the NTFS boot sector, which made volumes have none of. */
static void put_ntfs(struct made *made, uint64_t size)
{
	uint8_t *boot = made->plain;

	memset(boot, 0, 512);
	memcpy(boot, "\xeb\x52\x90NTFS    ", 11);
	made_put(boot + 11, made->sector_size, 2);
	boot[13] = 8;
	made_put(boot + 40, size / made->sector_size - 1, 8);
	made_put(boot + 56, 0x777, 8); /* cluster of the MFT's mirror */
	boot[64] = 0xf6;	       /* entries of the MFT have 2^10 bytes */
	boot[68] = 1;		       /* clusters of an index block */
	memcpy(made->disk + MADE_HEADER_AT, boot, MADE_HEADER_SIZE);
	for (size_t at = MADE_HEADER_AT; at < MADE_HEADER_AT + MADE_HEADER_SIZE;
	     at += made->sector_size)
		made_encrypt_sector(made->method, made->fvek, at, made->disk + at,
				    made->sector_size);
}

static struct made *made_ntfs(uint16_t method, uint32_t sector, unsigned int protectors)
{
	struct made *made = made_new(method, sector, protectors);

	put_ntfs(made, MADE_SIZE);
	return made;
}

static struct source *memory(const uint8_t *data, size_t size)
{
	struct source *source = NULL;

	must(memory_new(data, size, &source) == 0);
	return source;
}

static struct bde_key *clear_key(void)
{
	struct bde_key *key = NULL;

	must(bde_key_clear(&key, NULL) == 0);
	return key;
}

static struct bde_key *bek_key(bool newer, uint8_t change)
{
	uint8_t bek[MADE_BEK_SIZE_NEW];
	size_t size = made_bek(newer, bek);
	struct bde_key *key = NULL;

	bek[size - 1] ^= change;
	must(bde_key_from_bek(bek, size, "a BEK", &key, NULL) == 0);
	return key;
}

static struct bde_key *text_key(const char *text, bool recovery)
{
	struct secret *secret = secret_copy(text, strlen(text));
	struct bde_key *key = NULL;

	must(secret);
	if (recovery)
		must(bde_key_from_recovery_password(secret, "the recovery password", &key, NULL) ==
		     0);
	else
		must(bde_key_from_password(secret, "the password", &key, NULL) == 0);
	secret_free(secret);
	return key;
}

/* Open what is on `below` by libbde; the key is freed. The source, or NULL with err. */
static struct source *open_key(struct source *below, struct bde_key *key, struct notes *notes,
			       const struct bde_protector **ret_protector, struct err *err)
{
	const struct bde_protector *protector = NULL;
	struct bde_metadata *metadata = NULL;
	struct source *plain = NULL;
	int result = bde_metadata_read(below, 0, NULL, &metadata, err);

	if (result == 0)
		result = engine_open(below, metadata, key, ENGINE_LIBBDE, 0, notes, &plain,
				     &protector, err);
	must((result == 0) == (plain != NULL));
	if (ret_protector)
		*ret_protector = protector;
	bde_metadata_free(metadata);
	bde_key_free(key);
	return plain;
}

static struct source *open_made(const struct made *made, struct bde_key *key, struct notes *notes,
				struct err *err)
{
	struct source *below = memory(made->disk, MADE_SIZE);
	struct source *plain = open_key(below, key, notes, NULL, err);

	source_unref(below);
	return plain;
}

static bool whole_is_right(struct source *plain, const uint8_t *want)
{
	uint8_t *buffer = malloc(MADE_SIZE);
	bool right;

	must(buffer);
	right = plain->size == MADE_SIZE && source_pread(plain, buffer, MADE_SIZE, 0) == 0 &&
		memcmp(buffer, want, MADE_SIZE) == 0;
	free(buffer);
	return right;
}

static void test_methods(void)
{
	for (unsigned int method = BDE_METHOD_CBC_128_DIFFUSER; method <= BDE_METHOD_XTS_256;
	     method++) {
		const char *name = bde_method_name((uint16_t)method);
		struct made *made = made_ntfs((uint16_t)method, 512, MADE_CLEAR);
		struct notes notes CLEANUP(notes_clear) = {0};
		struct err err = {0};
		struct source *plain = open_made(made, clear_key(), &notes, &err);

		if (plain) {
			ok(whole_is_right(plain, made->plain), "%s: the whole is right", name);
			is(notes.count, 0, "  and nothing to warn of");
		} else {
			ok(err.kind == ERR_DISK && strstr(err.message, bde_libbde_version()),
			   "%s: refused, with libbde's version", name);
			ok(strstr(err.hint, "--engine own"), "  and with what opens it");
			printf("# %s\n", err.message);
			is(method, BDE_METHOD_XTS_256, "  which is known of this method alone");
		}
		source_unref(plain);
		free(made);
	}
}

static void test_contract(uint16_t method, uint32_t sector)
{
	struct made *made = made_ntfs(method, sector, MADE_CLEAR);
	struct source *plain = open_made(made, clear_key(), NULL, NULL);

	must(plain);
	source_contract(plain, made->plain, MADE_SIZE, bde_method_name(method));
	source_unref(plain);
	free(made);
}

static void expect_opens(const struct made *made, struct bde_key *key, const char *name)
{
	struct err err = {0};
	struct source *plain = open_made(made, key, NULL, &err);

	if (!ok(plain && whole_is_right(plain, made->plain), "%s opens it", name))
		printf("# %s\n", err.message);
	source_unref(plain);
}

static void expect_misfit(const struct made *made, struct bde_key *key, const char *what)
{
	struct err err = {0};
	struct source *plain = open_made(made, key, NULL, &err);

	ok(!plain && err.kind == ERR_KEY, "%s does not fit", what);
	ok(strstr(err.message, what), "  and is named");
	ok(strstr(err.hint, "opened by: startup key"), "  with what would fit");
	source_unref(plain);
}

static void test_keys(void)
{
	struct made *made =
		made_ntfs(BDE_METHOD_CBC_128, 512, MADE_BEK | MADE_PASSWORD | MADE_RECOVERY);

	expect_opens(made, bek_key(false, 0), "a BEK");
	expect_opens(made, bek_key(true, 0), "a BEK of the newer layout");
	expect_opens(made, text_key(made_password, false), "a password that is not ASCII");
	expect_opens(made, text_key(made_recovery, true), "a recovery password");
	expect_opens(made,
		     text_key(" 000000 000011720885\t111111 222222-333333-444444 555555\n", true),
		     "a recovery password in another form");
	expect_misfit(made, bek_key(false, 1), "a BEK");
	expect_misfit(made, text_key("wrong", false), "the password");
	expect_misfit(made,
		      text_key("404558-436711-420860-678557-638220-018909-039941-695321", true),
		      "the recovery password");
	expect_misfit(made, clear_key(), "the clear key");
	free(made);
	/* libbde takes a clear key that is there, whatever it was given */
	made = made_ntfs(BDE_METHOD_CBC_128, 512, MADE_BEK | MADE_CLEAR);
	expect_misfit(made, text_key("any", false), "the password");
	free(made);
}

static void test_protector(void)
{
	struct made *made = made_ntfs(BDE_METHOD_CBC_128, 512, MADE_BEK | MADE_CLEAR);
	struct source *below = memory(made->disk, MADE_SIZE);
	const struct bde_protector *protector = NULL;
	struct source *plain = NULL;
	struct bde_metadata *metadata = NULL;
	struct bde_key *key = bek_key(false, 0);

	must(bde_metadata_read(below, 0, NULL, &metadata, NULL) == 0);
	must(engine_open(below, metadata, key, ENGINE_LIBBDE, 0, NULL, &plain, &protector, NULL) ==
	     0);
	ok(protector && memcmp(protector->id.bytes, made_bek_id, 16) == 0, "a BEK's protector");
	is(engine_for(metadata, ENGINE_AUTO), ENGINE_OWN, "ours is the usual engine");
	is(engine_for(metadata, ENGINE_LIBBDE), ENGINE_LIBBDE, "libbde when asked for");
	source_unref(below);
	bde_metadata_free(metadata);
	bde_key_free(key);
	ok(whole_is_right(plain, made->plain), "the source holds what it needs");
	source_unref(plain);
	free(made);
}

/* Two protectors that claim the BEK's identifier: the first is named, so that its file has a name.
 */
static void test_twin_protector(void)
{
	struct made *made = made_ntfs(BDE_METHOD_CBC_128, 512, MADE_BEK | MADE_PASSWORD);
	struct source *below;
	const struct bde_protector *protector = NULL;
	struct source *plain;

	for (size_t i = 0; i < 3; i++) {
		static const uint8_t id[16] = {0xaa};
		uint8_t *at = memmem(made->disk + copies[i], 4096, id, sizeof(id));

		must(at);
		memcpy(at, made_bek_id, sizeof(id));
		made_put(at + 26, 0x0200, 2);
		made_seal(made, copies[i], true);
	}
	below = memory(made->disk, MADE_SIZE);
	plain = open_key(below, bek_key(false, 0), NULL, &protector, NULL);
	ok(!plain || protector, "two protectors of one identifier: one is named");
	source_unref(plain);
	source_unref(below);
	free(made);
}

/* The NTFS volume is shorter than the partition: libbde ends with it, and fails after it. */
static void test_shorter(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct notes notes CLEANUP(notes_clear) = {0};
	struct source *plain;
	uint8_t buffer[1024];

	put_ntfs(made, MADE_SIZE - 65536);
	plain = open_made(made, clear_key(), &notes, NULL);
	must(plain);
	is(plain->size, MADE_SIZE, "shorter to libbde: as long as the volume");
	is(source_pread(plain, buffer, 512, MADE_SIZE - 65536 - 1024), 0, "  read before its end");
	ok(memcmp(buffer, made->plain + MADE_SIZE - 65536 - 1024, 512) == 0, "  right");
	is(source_pread(plain, buffer, 1, MADE_SIZE - 1), -EIO, "  refused after it");
	is(source_pread(plain, buffer, 1024, MADE_SIZE - 65536 - 1023), -EIO, "  and across it");
	is(notes.count, 1, "  and a warning");
	if (notes.count == 1)
		ok(strstr(notes.text[0], " of the "), "  that says so");
	source_unref(plain);
	free(made);
}

/* Paused: encrypted below the watermark only. Right, or refused: versions of libbde differ. */
static void test_paused(void)
{
	struct made *made = made_ntfs(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct source *plain;
	uint8_t buffer[512];
	bool right = true;
	size_t gave = 0;

	memcpy(made->disk + 0xe0000, made->plain + 0xe0000, MADE_SIZE - 0xe0000);
	for (size_t i = 0; i < 3; i++) {
		made_put(made->disk + copies[i] + 12, 3, 2);
		made_put(made->disk + copies[i] + 14, 1, 2);
		made_put(made->disk + copies[i] + 16, 0xe0000, 8);
		made_seal(made, copies[i], true);
	}
	plain = open_made(made, clear_key(), NULL, NULL);
	must(plain);
	for (size_t at = 0; at < MADE_SIZE; at += 512) {
		if (source_pread(plain, buffer, 512, at) < 0)
			continue;
		right = right && memcmp(buffer, made->plain + at, 512) == 0;
		gave++;
	}
	ok(right, "paused: what it gives is right");
	ok(gave >= 0xe0000 / 512 - 1, "  which is what is encrypted at least");
	printf("# %zu of %d sectors\n", gave, MADE_SIZE / 512);
	source_unref(plain);
	free(made);
}

static void test_not_known(void)
{
	static const uint8_t eow[16] = {0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d,
					0x9e, 0x4e, 0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8};
	struct made *made = made_ntfs(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct err err = {0};

	memcpy(made->disk + 0xa0, eow, sizeof(eow));
	ok(!open_made(made, clear_key(), NULL, &err) && err.kind == ERR_DISK,
	   "a bitmap of what is encrypted: refused");
	ok(strstr(err.message, "by a bitmap") && strstr(err.hint, "--engine own"), "  by name");
	free(made);
	made = made_ntfs(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	for (size_t i = 0; i < 3; i++) {
		made_put(made->disk + copies[i] + 24, 65536, 4);
		made_seal(made, copies[i], true);
	}
	ok(!open_made(made, clear_key(), NULL, &err) && err.kind == ERR_DISK,
	   "an interrupted conversion: refused");
	ok(strstr(err.message, "65536 bytes under way"), "  by name");
	free(made);
}

/*
 * Vista's format: the first 8 KiB in place and as they are, but for the signature and one field of
 * the boot sector; no moved header.
 */
static struct made *made_vista(void)
{
	struct made *made = made_ntfs(BDE_METHOD_CBC_128_DIFFUSER, 512, MADE_BEK);

	memcpy(made->plain + MADE_HEADER_AT, made->plain, MADE_HEADER_SIZE);
	memcpy(made->disk, made->plain, MADE_HEADER_SIZE);
	memcpy(made->disk + 3, "-FVE-FS-", 8);
	made_put(made->disk + 56, MADE_COPY_1 / 4096, 8);
	for (size_t i = 0; i < 3; i++) {
		uint8_t *block = made->disk + copies[i];
		uint64_t datums = (uint64_t)block[64] | (uint64_t)block[65] << 8;

		/* the last datum says where the header was moved */
		made_put(block + 64, datums - 24, 4);
		made_put(block + 76, datums - 24, 4);

		made_put(block + 8, made_block_size(made->disk, copies[i]), 2);
		made_put(block + 10, 1, 2);
		memset(block + 16, 0, 16);
		made_put(block + 56, 0x777, 8);
		/* a block is 16 KiB there, and the volume goes on after it */
		for (size_t at = 0x4000; at < 0x10000; at += 512)
			made_encrypt_sector(made->method, made->fvek, copies[i] + at, block + at,
					    512);
	}
	return made;
}

/* Its last sector is NTFS's copy of the first; without that nobody knows whether it is encrypted.
 */
static void put_boot_copy(struct made *made)
{
	const size_t at = MADE_SIZE - 512;

	memcpy(made->plain + at, made->plain, 512);
	memcpy(made->disk + at, made->plain, 512);
	made_encrypt_sector(made->method, made->fvek, at, made->disk + at, 512);
}

static void test_vista(bool with_copy)
{
	struct made *made = made_vista();
	const struct bde_protector *protector = NULL;
	struct bde_metadata *metadata = NULL;
	struct bde_key *key = bek_key(false, 0);
	struct source *below;
	struct source *plain = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	struct err err = {0};
	uint8_t *buffer = malloc(MADE_SIZE);
	size_t end = with_copy ? MADE_SIZE : MADE_SIZE - 512;

	must(buffer);
	if (with_copy)
		put_boot_copy(made);
	below = memory(made->disk, MADE_SIZE);
	must(bde_metadata_read(below, 0, &notes, &metadata, NULL) == 0);
	is(notes.count, 0, "Vista: nothing to warn of");
	is(bde_metadata_info(metadata)->state, BDE_STATE_ENCRYPTED, "Vista: encrypted");
	is(engine_for(metadata, ENGINE_AUTO), ENGINE_LIBBDE, "  is libbde's");
	is(engine_open(below, metadata, key, ENGINE_AUTO, 0, &notes, &plain, &protector, &err), 0,
	   "  which opens it");
	must(plain);
	is(source_pread(plain, buffer, end, 0), 0, "  and reads it");
	ok(memcmp(buffer, made->plain, end) == 0, "  right");
	must(source_pread(plain, buffer, 6, 54) == 0 &&
	     source_pread(plain, buffer + 6, 5, 60) == 0);
	ok(memcmp(buffer, made->plain + 54, 11) == 0, "  in parts too");
	is(source_pread(plain, buffer, 1, MADE_SIZE - 1), with_copy ? 0 : -EIO,
	   "  its last sector: %s", with_copy ? "known" : "not known");
	is(notes.count, !with_copy, "  a warning when that is not served");
	source_unref(plain);
	bde_metadata_free(metadata);
	source_unref(below);
	bde_key_free(key);
	free(buffer);
	free(made);
}

static void test_vista_refused(void)
{
	struct made *made = made_vista();
	struct source *below = memory(made->disk, MADE_SIZE);
	const struct bde_protector *protector = NULL;
	struct bde_metadata *metadata = NULL;
	struct bde_key *key = bek_key(false, 0);
	struct source *plain = NULL;
	struct err err = {0};

	must(bde_metadata_read(below, 0, NULL, &metadata, NULL) == 0);
	is(engine_open(below, metadata, key, ENGINE_OWN, 0, NULL, &plain, &protector, &err),
	   -ENOTSUP, "Vista: our own engine does not open it");
	ok(strstr(err.message, "Vista") && strstr(err.hint, "--engine libbde"), "  and says so");
	bde_metadata_free(metadata);
	source_unref(below);
	for (size_t i = 0; i < 3; i++)
		made_put(made->disk + copies[i] + 14, 1, 2);
	below = memory(made->disk, MADE_SIZE);
	must(bde_metadata_read(below, 0, NULL, &metadata, NULL) == 0);
	is(engine_open(below, metadata, key, ENGINE_AUTO, 0, NULL, &plain, &protector, &err),
	   -ENOTSUP, "  one in conversion is refused");
	bde_metadata_free(metadata);
	source_unref(below);
	bde_key_free(key);
	free(made);
}

static void test_broken(enum fault_action action)
{
	struct made *made = made_ntfs(BDE_METHOD_CBC_128, 512, MADE_CLEAR);
	struct source *below = memory(made->disk, MADE_SIZE);
	struct source *fault = NULL;
	struct source *plain;
	struct fault_rule rule = {
		.action = action, .offset = 0x10000, .length = 512, .errnum = EREMOTEIO};
	struct fault_rule boot = {
		.action = action, .offset = MADE_COPY_1, .length = 512, .errnum = EREMOTEIO};
	struct err err = {0};
	uint8_t buffer[8192];

	must(fault_new(below, &fault) == 0);
	plain = open_key(fault, clear_key(), NULL, NULL, NULL);
	must(plain);
	fault_add(fault, &rule);
	is(source_pread(plain, buffer, 1, 0x10000), -EREMOTEIO, "a broken sector: its own error");
	is(source_pread(plain, buffer, 8192, 0xf001), -EREMOTEIO, "  across it");
	is(source_pread(plain, buffer, 8192, 0x10200), 0, "  after it everything is right");
	ok(memcmp(buffer, made->plain + 0x10200, 8192) == 0, "  and right");
	fault_clear(fault);
	is(source_pread(plain, buffer, 8192, 0xf001), 0, "  mended, it reads again");
	ok(memcmp(buffer, made->plain + 0xf001, 8192) == 0, "  right");
	source_unref(plain);
	fault_add(fault, &boot);
	plain = open_key(fault, clear_key(), NULL, NULL, &err);
	ok(!plain && err.kind == ERR_DISK && strstr(err.message, strerrordesc_np(EREMOTEIO)),
	   "metadata that cannot be read: the disk's error");
	source_unref(plain);
	source_unref(fault);
	source_unref(below);
	free(made);
}

/* Opened and closed many times, in any state. */
static void test_short_disk(void)
{
	struct made *made = made_ntfs(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct source *below = memory(made->disk, MADE_SIZE);
	size_t wrong = 0;

	for (size_t size = MADE_COPY_1; size <= MADE_SIZE; size += 0x10000 - 512) {
		struct source *part = NULL;
		struct source *plain;
		uint8_t buffer[512];

		must(slice_new(below, 0, size, &part) == 0);
		plain = open_key(part, clear_key(), NULL, NULL, NULL);
		if (plain && source_pread(plain, buffer, 512, MADE_HEADER_SIZE) == 0 &&
		    memcmp(buffer, made->plain + MADE_HEADER_SIZE, 512) != 0)
			wrong++;
		if (plain && (plain->size > size || source_pread(plain, buffer, 512, size) == 0))
			wrong++;
		source_unref(plain);
		source_unref(part);
	}
	is(wrong, 0, "a disk that is cut off: right or refused");
	source_unref(below);
	free(made);
}

int main(void)
{
	if (!bde_libbde_version()) {
		struct err err = {0};
		struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);

		ok(!open_made(made, clear_key(), NULL, &err) && err.kind == ERR_DISK,
		   "a build without libbde refuses");
		ok(strstr(err.message, "no libbde"), "  by name");
		free(made);
		return tap_done();
	}
	test_methods();
	test_contract(BDE_METHOD_XTS_128, 512);
	test_contract(BDE_METHOD_CBC_256, 4096);
	test_keys();
	test_protector();
	test_twin_protector();
	test_shorter();
	test_paused();
	test_not_known();
	test_vista(true);
	test_vista(false);
	test_vista_refused();
	test_broken(FAULT_ERROR);
	test_broken(FAULT_SHORT);
	test_short_disk();
	return tap_done();
}
