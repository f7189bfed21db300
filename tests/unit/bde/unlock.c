/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unlocking: each kind of key opens its protector; the message for one that does not has no
 * secrets. */
#include "bde/bde.h"

#include <errno.h>

#include "disk/memory.h"
#include "tests/bde_made.h"
#include "tests/tap.h"

static const char other_recovery[] = "555555-444444-333333-222222-111111-720885-000011-000000";

static struct bde_metadata *read_made(const struct made *made)
{
	struct bde_metadata *metadata = NULL;
	struct source *source = NULL;

	must(memory_new(made->disk, MADE_SIZE, &source) == 0);
	must(bde_metadata_read(source, 0, NULL, &metadata, NULL) == 0);
	source_unref(source);
	return metadata;
}

static struct bde_key *text_key(enum bde_key_type type, const char *value)
{
	struct secret *text = secret_copy(value, strlen(value));
	struct bde_key *key = NULL;

	must(text);
	if (type == BDE_KEY_PASSWORD)
		must(bde_key_from_password(text, "the password", &key, NULL) == 0);
	else
		must(bde_key_from_recovery_password(text, "the recovery password", &key, NULL) ==
		     0);
	secret_free(text);
	return key;
}

static struct bde_key *bek_key(unsigned int change_at)
{
	uint8_t data[MADE_BEK_SIZE_NEW];
	size_t size = made_bek(false, data);
	struct bde_key *key = NULL;

	data[change_at] ^= 1;
	must(bde_key_from_bek(data, size, "'x.BEK'", &key, NULL) == 0);
	return key;
}

static struct bde_key *clear_key(void)
{
	struct bde_key *key = NULL;

	must(bde_key_clear(&key, NULL) == 0);
	return key;
}

static void opens(const struct bde_metadata *metadata, struct bde_key *key, size_t index,
		  const char *name)
{
	const struct bde_protector *protector = NULL;
	struct bde_unlocked *unlocked = NULL;

	is(bde_unlock(metadata, key, &unlocked, &protector, NULL), 0, "%s opens", name);
	ok(protector == &bde_metadata_info(metadata)->protectors[index], "  its protector");
	bde_unlocked_free(unlocked);
	bde_key_free(key);
}

/* No key, a message with `want`, and no secret in it. */
static void does_not_open(const struct bde_metadata *metadata, struct bde_key *key, int want_rc,
			  const char *want, const char *secret)
{
	const struct bde_protector *protector = NULL;
	struct bde_unlocked *unlocked = NULL;
	struct err err = {0};

	is(bde_unlock(metadata, key, &unlocked, &protector, &err), want_rc, "refused: %s", want);
	if (!ok(strstr(err.message, want), "  says so"))
		printf("# got '%s'\n", err.message);
	is(err.kind, want_rc == -ENOKEY ? ERR_KEY : ERR_DISK, "  exit code");
	ok(err.hint[0] != '\0', "  and what to do");
	ok(!unlocked && !protector, "  and gives nothing");
	if (secret)
		ok(!strstr(err.message, secret) && !strstr(err.hint, secret), "  nor a secret");
	bde_key_free(key);
}

static void test_all_keys(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512,
				     MADE_BEK | MADE_CLEAR | MADE_PASSWORD | MADE_RECOVERY);
	struct bde_metadata *metadata = read_made(made);

	opens(metadata, bek_key(0x10), 0, "the BEK, whatever the GUID in its header");
	opens(metadata, clear_key(), 1, "the clear key");
	opens(metadata, text_key(BDE_KEY_PASSWORD, made_password), 2, "the password");
	opens(metadata, text_key(BDE_KEY_RECOVERY_PASSWORD, made_recovery), 3,
	      "the recovery password");
	does_not_open(metadata, text_key(BDE_KEY_PASSWORD, "open sesame"), -ENOKEY,
		      "the password does not open password {000000AA", "sesame");
	does_not_open(metadata, text_key(BDE_KEY_RECOVERY_PASSWORD, other_recovery), -ENOKEY,
		      "does not open recovery password {000000EE", "720885");
	does_not_open(metadata, bek_key(56), -ENOKEY,
		      "is the startup key {04030200-0605-0807-090A-0B0C0D0E0F10}; this volume has "
		      "startup key (BEK) {04030201-0605-0807-090A-0B0C0D0E0F10}",
		      NULL);
	does_not_open(metadata, bek_key(155), -ENOKEY,
		      "'x.BEK' has the identifier of startup key {04030201-", NULL);
	bde_metadata_free(metadata);
	free(made);
}

static void test_missing(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK);
	struct bde_metadata *metadata = read_made(made);

	does_not_open(metadata, clear_key(), -ENOKEY, "this volume has no clear key", NULL);
	does_not_open(metadata, text_key(BDE_KEY_PASSWORD, "open sesame"), -ENOKEY,
		      "this volume has no password", "sesame");
	bde_metadata_free(metadata);
	free(made);
	made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	metadata = read_made(made);
	does_not_open(metadata, bek_key(0x10), -ENOKEY, "this volume has no startup key", NULL);
	bde_metadata_free(metadata);
	free(made);
}

/* Find bytes in the first copy; the test made them, so they are there. */
static size_t find(const struct made *made, const void *bytes, size_t size)
{
	for (size_t at = MADE_COPY_1; at < MADE_COPY_1 + 4096; at++) {
		if (memcmp(made->disk + at, bytes, size) == 0)
			return at;
	}
	must(false);
	return 0;
}

static void test_damage(void)
{
	static const uint8_t fvek_head[6] = {0x50, 0, 3, 0, 5, 0};
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct bde_metadata *metadata;
	size_t at = find(made, fvek_head, sizeof(fvek_head));

	made->disk[MADE_COPY_1 + 104] ^= 1;
	made_seal(made, MADE_COPY_1, false);
	metadata = read_made(made);
	does_not_open(metadata, clear_key(), -EBADMSG, "does not have the hash", NULL);
	bde_metadata_free(metadata);
	made->disk[at + 40] ^= 1;
	made_seal(made, MADE_COPY_1, true);
	metadata = read_made(made);
	does_not_open(metadata, clear_key(), -EBADMSG, "volume encryption key", NULL);
	bde_metadata_free(metadata);
	made->disk[at + 40] ^= 1;
	made->disk[find(made, "\xc1\xea\x03", 3)] ^= 1;
	made_seal(made, MADE_COPY_1, true);
	metadata = read_made(made);
	does_not_open(metadata, clear_key(), -ENOKEY, "clear key on the disk does not open", NULL);
	bde_metadata_free(metadata);
	made->disk[at + 2] = 9; /* another role: no volume key any more */
	made->disk[find(made, "\xc0\xea\x03", 3)] ^= 1;
	made_seal(made, MADE_COPY_1, true);
	metadata = read_made(made);
	does_not_open(metadata, clear_key(), -EBADMSG, "holds no volume encryption key", NULL);
	bde_metadata_free(metadata);
	free(made);
}

/* One protector is damaged: that is an error of keys, and the others open. */
static void test_damaged_protector(void)
{
	static const uint8_t vmk_head[6] = {0x50, 0, 0, 0, 5, 0};
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_BEK | MADE_CLEAR);
	struct bde_metadata *metadata;

	made->disk[find(made, vmk_head, sizeof(vmk_head)) + 4] =
		0x7f; /* another type than AES-CCM: no VMK in it any more */
	made_seal(made, MADE_COPY_1, true);
	metadata = read_made(made);
	does_not_open(metadata, bek_key(0x10), -ENOKEY, "key protector {04030201", NULL);
	opens(metadata, clear_key(), 1, "the clear key beside it");
	bde_metadata_free(metadata);
	free(made);
}

/* The hash is there, is compared as a whole, and the key is for the method that is used. */
static void test_hash(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	size_t size = made_block_size(made->disk, MADE_COPY_1);
	unsigned int opened = 0;
	struct bde_metadata *metadata;

	for (unsigned int i = 1; i < 700; i++) {
		struct bde_key *key = clear_key();
		struct bde_unlocked *unlocked = NULL;
		const struct bde_protector *protector = NULL;

		made_put(made->disk + MADE_COPY_1 + 96, i, 4); /* the next nonce: nobody reads it */
		made_seal(made, MADE_COPY_1, false);
		metadata = read_made(made);
		opened += bde_unlock(metadata, key, &unlocked, &protector, NULL) == 0;
		bde_unlocked_free(unlocked);
		bde_key_free(key);
		bde_metadata_free(metadata);
	}
	is(opened, 0, "700 changes with a repaired checksum: none is accepted");
	made->disk[MADE_COPY_1 + size + 12] = 0x7f; /* another type than AES-CCM */
	metadata = read_made(made);
	does_not_open(metadata, clear_key(), -EBADMSG, "carries no hash", NULL);
	bde_metadata_free(metadata);
	made->disk[MADE_COPY_1 + size + 12] = 5;
	made_put(made->disk + MADE_COPY_1 + 100, BDE_METHOD_CBC_256, 2); /* a key as long */
	made_seal(made, MADE_COPY_1, true);
	metadata = read_made(made);
	does_not_open(metadata, clear_key(), -EBADMSG,
		      "says method 0x8003, the volume encryption key 0x8004", NULL);
	bde_metadata_free(metadata);
	free(made);
}

static void test_bad_texts(void)
{
	struct secret *text = secret_copy("\xff\xfe", 2);
	struct bde_key *key = NULL;
	struct err err = {0};

	is(bde_key_from_password(text, "the file", &key, &err), -EILSEQ, "a password in Latin-1");
	ok(err.kind == ERR_KEY && strstr(err.message, "the file is not valid UTF-8") && !key,
	   "with a message");
	is(bde_key_from_recovery_password(text, "the file", &key, &err), -EINVAL,
	   "a recovery password without digits");
	ok(strstr(err.message, "the file: group 1") && !key, "with a message");
	is(bde_key_from_bek("x", 1, "'y.BEK'", &key, &err), -EINVAL, "a BEK file of one byte");
	ok(strstr(err.message, "'y.BEK': damaged BEK file") && err.hint[0] && !key,
	   "with a message");
	secret_free(text);
}

/* A key is of use for its own volume only. */
static void test_other_volume(void)
{
	struct made *made = made_new(BDE_METHOD_XTS_128, 512, MADE_CLEAR);
	struct bde_metadata *first = read_made(made);
	struct bde_metadata *second;
	struct bde_key *key = clear_key();
	struct bde_unlocked *unlocked = NULL;
	const struct bde_protector *protector = NULL;
	struct source *source = NULL;
	struct source *volume = NULL;
	struct err err = {0};

	must(bde_unlock(first, key, &unlocked, &protector, NULL) == 0);
	made->disk[MADE_COPY_1 + 80] ^= 1;
	made_seal(made, MADE_COPY_1, true);
	second = read_made(made);
	must(memory_new(made->disk, MADE_SIZE, &source) == 0);
	is(bde_volume_open(source, second, unlocked, 0, NULL, &volume, &err), -EINVAL,
	   "a key unlocked on another volume");
	is(bde_volume_open(source, first, NULL, 0, NULL, &volume, &err), -ENOKEY, "no key at all");
	is(err.kind, ERR_KEY, "is an error of keys");
	source_unref(source);
	bde_unlocked_free(unlocked);
	bde_key_free(key);
	bde_metadata_free(first);
	bde_metadata_free(second);
	free(made);
}

int main(void)
{
	test_all_keys();
	test_missing();
	test_damage();
	test_damaged_protector();
	test_hash();
	test_bad_texts();
	test_other_volume();
	return tap_done();
}
