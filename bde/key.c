/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what the user has (a BEK file, a password, ...) to what unlocking starts from. */
#include "bde/key.h"

#include <errno.h>
#include <string.h>

#include "base/text/utf16.h"
#include "bde/format/bek.h"
#include "bde/format/rawkey.h"
#include "bde/format/recovery.h"
#include "crypto/crypto.h"

/* A key without its bytes. */
static int key_named(enum bde_key_type type, const char *what, struct bde_key **ret_key,
		     struct err *err)
{
	struct bde_key *key CLEANUP(bde_key_free) = calloc(1, sizeof(*key));

	if (!key)
		return err_nomem(err);
	key->type = type;
	key->what = strdup(what);
	if (!key->what)
		return err_nomem(err);
	*ret_key = TAKE(key);
	return 0;
}

/* A key with room for the derived bytes, and a copy of `original`, which has `size` bytes. */
static int key_new(enum bde_key_type type, const char *what, const void *original, size_t size,
		   struct bde_key **ret_key, struct err *err)
{
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	int result = key_named(type, what, &key, err);

	if (!key)
		return result;
	key->bytes = secret_new(CRYPTO_SHA256_SIZE);
	key->original = secret_copy(original, size);
	if (!key->bytes || !key->original)
		return err_nomem(err);
	*ret_key = TAKE(key);
	return 0;
}

static int hash_failed(struct err *err, int result)
{
	return err_errno(err, ERR_OTHER, -result, "cannot compute SHA-256");
}

int bde_key_from_bek(const void *data, size_t size, const char *what, struct bde_key **ret_key,
		     struct err *err)
{
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	struct bek bek;
	int result = bek_parse(data, size, &bek, err);

	if (result < 0) {
		err_prefix(err, "%s", what);
		err_hint(err, "fetch the BEK file again; one from Key Vault has 156 or 180 bytes");
		return result;
	}
	result = key_new(BDE_KEY_BEK, what, data, size, &key, err);
	if (!key)
		return result;
	key->protector_id = bek.protector_id;
	memcpy(secret_data(key->bytes), bek.key, BEK_KEY_SIZE);
	*ret_key = TAKE(key);
	return 0;
}

int bde_key_from_recovery_password(const struct secret *text, const char *what,
				   struct bde_key **ret_key, struct err *err)
{
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	uint8_t binary[RECOVERY_KEY_SIZE];
	int result = recovery_parse(secret_text(text), secret_size(text), binary, err);

	if (result < 0) {
		err_prefix(err, "%s", what);
		return result;
	}
	result = key_new(BDE_KEY_RECOVERY_PASSWORD, what, secret_bytes(text), secret_size(text),
			 &key, err);
	if (key) {
		result = crypto_sha256(binary, sizeof(binary), secret_data(key->bytes));
		if (result < 0)
			hash_failed(err, result);
	}
	secret_wipe(binary, sizeof(binary));
	if (result == 0)
		*ret_key = TAKE(key);
	return result;
}

/* The hash of the hash of the password in UTF-16LE. */
static int hash_password(const struct secret *utf16, uint8_t ret_hash[CRYPTO_SHA256_SIZE])
{
	int result = crypto_sha256(secret_bytes(utf16), secret_size(utf16), ret_hash);

	return result < 0 ? result : crypto_sha256(ret_hash, CRYPTO_SHA256_SIZE, ret_hash);
}

int bde_key_from_password(const struct secret *text, const char *what, struct bde_key **ret_key,
			  struct err *err)
{
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	struct secret *utf16 CLEANUP(secret_free) = NULL;
	int result = utf16_from_secret(text, &utf16);

	if (result == -EILSEQ) {
		err_set(err, ERR_KEY, EILSEQ, "%s is not valid UTF-8", what);
		err_hint(err, "write it in UTF-8, for example by: iconv -t UTF-8");
		return result;
	}
	if (result < 0)
		return err_nomem(err);
	result = key_new(BDE_KEY_PASSWORD, what, secret_bytes(text), secret_size(text), &key, err);
	if (!key)
		return result;
	result = hash_password(utf16, secret_data(key->bytes));
	if (result < 0)
		return hash_failed(err, result);
	*ret_key = TAKE(key);
	return 0;
}

int bde_key_clear(struct bde_key **ret_key, struct err *err)
{
	return key_named(BDE_KEY_CLEAR, "the clear key on the disk", ret_key, err);
}

/* Takes `bytes` when it succeeds. */
static int raw_key_new(enum bde_key_type type, const char *what, struct secret *bytes,
		       struct bde_key **ret_key, struct err *err)
{
	struct bde_key *key = NULL;
	int result = key_named(type, what, &key, err);

	if (!key)
		return result;
	key->bytes = bytes;
	*ret_key = key;
	return 0;
}

static int raw_bytes(const struct secret *text, const char *what, struct secret **ret_bytes,
		     struct err *err)
{
	int result = rawkey_parse(secret_bytes(text), secret_size(text), ret_bytes, err);

	if (result == -EINVAL) {
		err_prefix(err, "%s", what);
		err_hint(err, "give it as hexadecimal digits, with white space or ':' between "
			      "them, or as the bytes themselves");
	}
	return result;
}

int bde_key_from_vmk(const struct secret *text, const char *what, struct bde_key **ret_key,
		     struct err *err)
{
	struct secret *bytes CLEANUP(secret_free) = NULL;
	int result = raw_bytes(text, what, &bytes, err);

	if (result == 0 && secret_size(bytes) != RAWKEY_VMK_SIZE) {
		result = err_set(err, ERR_KEY, EINVAL, "%s has %zu bytes; a VMK has %d", what,
				 secret_size(bytes), RAWKEY_VMK_SIZE);
		err_hint(err, "use --fvek for an FVEK, and --bek for a BEK file");
	}
	if (result == 0)
		result = raw_key_new(BDE_KEY_VMK, what, bytes, ret_key, err);
	if (result == 0)
		(void)TAKE(bytes);
	return result;
}

/* dislocker's file → the key's 64 bytes, of which the method may use the first ones only. */
static int split_fvek_file(const char *what, struct secret **bytes, uint16_t *ret_method,
			   struct err *err)
{
	const uint8_t *file = secret_bytes(*bytes);
	uint16_t method = (uint16_t)(file[0] | file[1] << 8);
	struct secret *key;

	if (method_fvek_size(method) == 0) {
		err_set(err, ERR_KEY, EINVAL,
			"%s has the %d bytes of dislocker's FVEK file, but no method in the first "
			"two",
			what, RAWKEY_FILE_SIZE);
		err_hint(err,
			 "the method is 0x8000 to 0x8005, low byte first: copy the file again");
		return -EINVAL;
	}
	key = secret_copy(file + 2, RAWKEY_FVEK_MAX);
	if (!key)
		return err_nomem(err);
	secret_free(*bytes);
	*bytes = key;
	*ret_method = method;
	return 0;
}

int bde_key_from_fvek(const struct secret *text, const char *what, struct bde_key **ret_key,
		      struct err *err)
{
	struct secret *bytes CLEANUP(secret_free) = NULL;
	struct bde_key *key = NULL;
	uint16_t method = 0;
	int result = raw_bytes(text, what, &bytes, err);
	size_t size = result == 0 ? secret_size(bytes) : 0;

	if (result == 0 && size == RAWKEY_FILE_SIZE) {
		result = split_fvek_file(what, &bytes, &method, err);
	} else if (result == 0 && size != 16 && size != 32 && size != RAWKEY_FVEK_MAX) {
		result = err_set(err, ERR_KEY, EINVAL,
				 "%s has %zu bytes; an FVEK has 16, 32 or 64 (66 with the method)",
				 what, size);
		err_hint(err, "give the key, followed by the tweak key where the method has one");
	}
	if (result == 0)
		result = raw_key_new(BDE_KEY_FVEK, what, bytes, &key, err);
	if (!key)
		return result;
	(void)TAKE(bytes);
	key->method = method;
	*ret_key = key;
	return 0;
}

void bde_key_free(struct bde_key *key)
{
	if (!key)
		return;
	secret_free(key->bytes);
	secret_free(key->original);
	free(key->what);
	free(key);
}

const char *bde_key_what(const struct bde_key *key)
{
	return key->what;
}

const struct guid *bde_key_protector_id(const struct bde_key *key)
{
	return key->type == BDE_KEY_BEK ? &key->protector_id : NULL;
}
