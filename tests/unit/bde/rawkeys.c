/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VMK or FVEK from the user: what opens, what is not believed, and no key in a message. */
#include "bde/bde.h"

#include <errno.h>

#include "bde/format/rawkey.h"
#include "disk/memory.h"
#include "open/engine.h"
#include "tests/bde_made.h"
#include "tests/tap.h"

static const uint16_t methods[] = {
	BDE_METHOD_CBC_128_DIFFUSER, BDE_METHOD_CBC_256_DIFFUSER, BDE_METHOD_CBC_128,
	BDE_METHOD_CBC_256,	     BDE_METHOD_XTS_128,	  BDE_METHOD_XTS_256,
};

/* The maker's plaintext has no boot sector, and an FVEK is known by that. */
static struct made *make_volume(uint16_t method, uint32_t sector_size)
{
	struct made *made = made_new(method, sector_size, MADE_BEK);
	uint8_t *sector = made->plain;

	memcpy(sector, "\xeb\x52\x90NTFS    ", 11);
	made_put(sector + 11, sector_size, 2);
	sector[13] = 1;
	made_put(sector + 40, MADE_SIZE / sector_size - 1, 8);
	made_put(sector + 510, 0xaa55, 2);
	memcpy(made->disk + MADE_HEADER_AT, sector, sector_size);
	made_encrypt_sector(method, made->fvek, MADE_HEADER_AT, made->disk + MADE_HEADER_AT,
			    sector_size);
	return made;
}

static struct bde_key *make_key(enum bde_key_type type, const void *bytes, size_t size,
				struct err *err)
{
	struct secret *text = secret_copy(bytes, size);
	struct bde_key *key = NULL;
	int result;

	must(text);
	result = type == BDE_KEY_VMK ? bde_key_from_vmk(text, "the VMK", &key, err)
				     : bde_key_from_fvek(text, "the FVEK", &key, err);
	secret_free(text);
	must((result == 0) == (key != NULL));
	return key;
}

/* What comes of a key: engine_open()'s result, and whether all of the plaintext came out. */
static int open_made(const struct made *made, struct bde_key *key, unsigned int flags,
		     struct notes *notes, bool *ret_right, struct err *err)
{
	const struct bde_protector *protector = NULL;
	struct bde_metadata *metadata = NULL;
	struct source *below = NULL;
	struct source *plain = NULL;
	uint8_t *got = malloc(MADE_SIZE);
	int result;

	must(got && memory_new(made->disk, MADE_SIZE, &below) == 0);
	must(bde_metadata_read(below, 0, NULL, &metadata, NULL) == 0);
	result = engine_open(below, metadata, key, ENGINE_OWN, flags, notes, &plain, &protector,
			     err);
	*ret_right = result == 0 && !protector && source_pread(plain, got, MADE_SIZE, 0) == 0 &&
		     memcmp(got, made->plain, MADE_SIZE) == 0;
	source_unref(plain);
	source_unref(below);
	bde_metadata_free(metadata);
	bde_key_free(key);
	free(got);
	return result;
}

static void opens(const struct made *made, struct bde_key *key, const char *name)
{
	struct err err = {0};
	bool right;

	must(key);
	is(open_made(made, key, 0, NULL, &right, &err), 0, "%s opens", name);
	ok(right, "  every byte, and no protector is said to have");
}

static void refuses(const struct made *made, struct bde_key *key, unsigned int flags,
		    const char *want)
{
	struct err err = {0};
	bool right;

	must(key);
	is(open_made(made, key, flags, NULL, &right, &err), -ENOKEY, "refused: %s", want);
	if (!ok(strstr(err.message, want), "  says so"))
		printf("# got '%s'\n", err.message);
	ok(err.kind == ERR_KEY && err.hint[0], "  an error of keys, with a hint");
}

static struct bde_key *vmk_of(const struct made *made, unsigned int flip)
{
	uint8_t vmk[32];

	memcpy(vmk, made->vmk, sizeof(vmk));
	vmk[0] ^= (uint8_t)flip;
	return make_key(BDE_KEY_VMK, vmk, sizeof(vmk), NULL);
}

/* With `at` < 64 that byte is another. */
static struct bde_key *fvek_of(const struct made *made, size_t at)
{
	uint8_t fvek[64];

	memcpy(fvek, made->fvek, sizeof(fvek));
	if (at < sizeof(fvek))
		fvek[at] ^= 1;
	return make_key(BDE_KEY_FVEK, fvek, made->fvek_size, NULL);
}

static struct bde_key *fvek_file(const struct made *made, uint16_t method)
{
	uint8_t file[66];

	made_put(file, method, 2);
	memset(file + 2, 0, 64);
	memcpy(file + 2, made->fvek, made->fvek_size);
	return make_key(BDE_KEY_FVEK, file, sizeof(file), NULL);
}

static void test_methods(void)
{
	for (size_t i = 0; i < 2 * sizeof(methods) / sizeof(methods[0]); i++) {
		struct made *made = make_volume(methods[i / 2], i % 2 ? 4096 : 512);
		bool diffuser = made->method <= BDE_METHOD_CBC_256_DIFFUSER;

		printf("# %s, %u\n", bde_method_name(made->method), made->sector_size);
		opens(made, vmk_of(made, 0), "the VMK");
		refuses(made, vmk_of(made, 1), BDE_SALVAGE, "does not open this volume");
		opens(made, fvek_of(made, 64), "the FVEK");
		opens(made, fvek_file(made, made->method), "dislocker's file");
		refuses(made, fvek_of(made, 0), BDE_SALVAGE, "does not decrypt this volume");
		refuses(made, fvek_of(made, diffuser ? 32 : made->fvek_size - 1), 0,
			"does not decrypt this volume");
		refuses(made, fvek_file(made, methods[(i / 2 + 1) % 6]), 0, "and this volume has");
		free(made);
	}
}

static void test_pair(void)
{
	struct made *made = make_volume(BDE_METHOD_CBC_128_DIFFUSER, 512);
	uint8_t pair[32];

	memcpy(pair, made->fvek, 16);
	memcpy(pair + 16, made->fvek + 32, 16);
	opens(made, make_key(BDE_KEY_FVEK, pair, 32, NULL), "key and tweak key, 16 bytes each");
	refuses(made, make_key(BDE_KEY_FVEK, pair, 16, NULL), 0, "has 16 bytes; AES-CBC 128");
	free(made);
	made = make_volume(BDE_METHOD_XTS_256, 512);
	refuses(made, make_key(BDE_KEY_FVEK, made->fvek, 32, NULL), 0,
		"has 32 bytes; AES-XTS 256 of this volume takes 64");
	free(made);
}

/* Text and bytes; and of what is wrong, the place and never the key. */
static void refuses_text(enum bde_key_type type, const char *text, size_t size, const char *want)
{
	struct err err = {0};

	ok(!make_key(type, text, size, &err), "refused: %s", want);
	if (!ok(strstr(err.message, want), "  says so"))
		printf("# got '%s'\n", err.message);
	ok(err.kind == ERR_KEY && err.hint[0], "  an error of keys, with a hint");
	ok(!strstr(err.message, "d00f") && !strstr(err.hint, "d00f"), "  and no key");
}

static void test_texts(void)
{
	static const uint8_t bytes[18] = {0x01, 0xab, 0xcd, 0xef, 0x0a, [16] = 0x0d, 0x0a};
	struct secret *key = NULL;

	is(rawkey_parse((const uint8_t *)" 01:Ab\tcd\r\neF 0a\n", 17, &key, NULL), 0, "text");
	ok(secret_size(key) == 5 && memcmp(secret_bytes(key), bytes, 5) == 0, "  its bytes");
	secret_free(key);
	is(rawkey_parse(bytes, 18, &key, NULL), 0, "bytes that end in a line end");
	ok(secret_size(key) == 18 && memcmp(secret_bytes(key), bytes, 18) == 0, "  all of them");
	secret_free(key);
	refuses_text(BDE_KEY_VMK, "d00f0", 5, "an odd number of hexadecimal digits: 5");
	refuses_text(BDE_KEY_VMK, "d00f:zz", 7, "character 6 is not a hexadecimal digit");
	refuses_text(BDE_KEY_VMK, "d00f", 4, "the VMK has 2 bytes; a VMK has 32");
	refuses_text(BDE_KEY_FVEK, "d00f", 4, "the FVEK has 2 bytes; an FVEK has 16, 32 or 64");
	refuses_text(BDE_KEY_FVEK, "", 0, "has 0 bytes");
	/* 64 characters, one of them wrong: not 64 bytes of a key */
	refuses_text(BDE_KEY_FVEK,
		     "d00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00g", 64,
		     "character 64 is no");
	refuses_text(BDE_KEY_FVEK,
		     "d00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00f"
		     "d00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00fd00f",
		     132, "no method in the first two");
}

/* Protectors and the keys in the metadata may be gone; with the VMK the hash still counts. */
static void test_damage(void)
{
	struct made *made = make_volume(BDE_METHOD_XTS_128, 512);
	struct err err = {0};
	struct notes notes = {0};
	bool right;

	made->disk[MADE_COPY_1 + MADE_DATUMS_AT + 4] = 0x7f; /* the protector's datum */
	made_seal(made, MADE_COPY_1, true);
	opens(made, vmk_of(made, 0), "without protectors: the VMK");
	made_seal(made, MADE_COPY_1, false);
	made->disk[MADE_COPY_1 + 96] ^= 1; /* the next nonce: nobody reads it */
	made_seal(made, MADE_COPY_1, false);
	is(open_made(made, vmk_of(made, 0), 0, NULL, &right, &err), -EBADMSG,
	   "metadata that was changed: refused with the VMK");
	ok(strstr(err.message, "does not have the hash"), "  says so");
	is(open_made(made, fvek_of(made, 64), 0, &notes, &right, &err), 0, "the FVEK opens it");
	ok(right, "  every byte");
	ok(notes.count == 1 && strstr(notes.text[0], "hash"), "  and warns of the hash");
	notes_clear(&notes);
	free(made);
}

/* Nothing at the start of the volume was encrypted with the key. */
static void test_no_evidence(void)
{
	struct made *made = make_volume(BDE_METHOD_XTS_128, 512);
	struct notes notes = {0};
	struct err err = {0};
	bool right;

	/* decryption paused at 0x30000, where the header was moved to: that is plaintext */
	made_decrypt(made, MADE_HEADER_AT, MADE_SIZE);
	for (size_t at = MADE_COPY_1; at <= MADE_COPY_3; at += MADE_COPY_2 - MADE_COPY_1) {
		made_put(made->disk + at + 12, 3, 2);
		made_put(made->disk + at + 14, 1, 2);
		made_put(made->disk + at + 16, MADE_HEADER_AT, 8);
		made_seal(made, at, true);
	}
	refuses(made, fvek_of(made, 64), 0, "its first sector is not encrypted");
	is(open_made(made, fvek_of(made, 64), BDE_SALVAGE, &notes, &right, &err), 0,
	   "with --salvage it is taken");
	ok(right, "  every byte");
	ok(notes.count == 1 && strstr(notes.text[0], "may be wrong"), "  and warned of");
	notes_clear(&notes);
	opens(made, vmk_of(made, 0), "the VMK, which is authenticated,");
	free(made);
}

int main(void)
{
	test_methods();
	test_pair();
	test_texts();
	test_damage();
	test_no_evidence();
	return tap_done();
}
