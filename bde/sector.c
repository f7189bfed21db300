/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BitLocker's sector ciphers. FVEK layouts and initialisation vectors, all little-endian, `offset`
 * being the sector's byte offset from the start of the volume:
 *
 *   AES-XTS       data key, tweak key; data unit number = offset / sector size
 *   AES-CBC       key; IV = AES-ECB(key, offset as 16 bytes)
 *   with diffuser 64 bytes: key at 0, tweak key at 32 (with AES-128 only half of each is used). CBC
 *                 as above, then the diffuser, then XOR with the sector key: AES-ECB(tweak key, .)
 *                 of the offset, and of the offset with byte 15 set to 0x80, repeated
 *
 * Threads: contexts of the crypto library keep state between calls and take a while to key, so each
 * call borrows a set of them from an array of slots by atomic exchange, and returns it the same
 * way. With all slots empty a new set is keyed; with all full the returned one is freed. Nothing
 * waits for anything. All other fields are constant after construction.
 */
#include "bde/sector.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bde/bde.h"
#include "bde/crypto.h"
#include "bde/diffuser.h"

enum {
	SLOTS = 16,	     /* sets kept; more threads than the mount ever starts */
	BATCH = 64,	     /* sectors whose vectors are encrypted in one call */
	TWEAK_KEY_AT = 32,   /* in the FVEK of diffuser methods */
	SECTOR_KEY_SIZE = 32 /* of the diffuser */
};

/* What one thread needs to decrypt. */
struct context {
	struct crypto_cipher *data; /* XTS or CBC */
	struct crypto_cipher *iv;   /* CBC: ECB under the same key */
	struct crypto_cipher *mask; /* diffuser: ECB under the tweak key */
};

struct method {
	uint16_t id;
	enum crypto_mode mode;
	uint8_t key_size; /* of the data cipher */
	uint8_t fvek_size;
	bool diffuser;
};

struct sector_cipher {
	const struct method *method;
	uint32_t sector_size;
	struct secret *fvek;
	_Atomic(struct context *) slots[SLOTS];
};

static const struct method methods[] = {
	{BDE_METHOD_CBC_128_DIFFUSER, CRYPTO_CBC_DECRYPT, 16, 64, true},
	{BDE_METHOD_CBC_256_DIFFUSER, CRYPTO_CBC_DECRYPT, 32, 64, true},
	{BDE_METHOD_CBC_128, CRYPTO_CBC_DECRYPT, 16, 16, false},
	{BDE_METHOD_CBC_256, CRYPTO_CBC_DECRYPT, 32, 32, false},
	{BDE_METHOD_XTS_128, CRYPTO_XTS_DECRYPT, 32, 32, false},
	{BDE_METHOD_XTS_256, CRYPTO_XTS_DECRYPT, 64, 64, false},
};

static const struct method *find_method(uint16_t id)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].id == id)
			return &methods[i];
	}
	return NULL;
}

size_t sector_key_size(uint16_t method)
{
	const struct method *found = find_method(method);

	return found ? found->fvek_size : 0;
}

static void context_free(struct context *context)
{
	if (!context)
		return;
	crypto_cipher_free(context->data);
	crypto_cipher_free(context->iv);
	crypto_cipher_free(context->mask);
	free(context);
}
DEFINE_CLEANUP(struct context, context_free)

static int context_new(const struct sector_cipher *cipher, struct context **ret_context)
{
	const struct method *method = cipher->method;
	const uint8_t *key = secret_bytes(cipher->fvek);
	struct context *context CLEANUP(context_free) = calloc(1, sizeof(*context));
	int rc;

	if (!context)
		return -ENOMEM;
	rc = crypto_cipher_new(method->mode, key, method->key_size, &context->data);
	if (rc == 0 && method->mode == CRYPTO_CBC_DECRYPT)
		rc = crypto_cipher_new(CRYPTO_ECB_ENCRYPT, key, method->key_size, &context->iv);
	if (rc == 0 && method->diffuser)
		rc = crypto_cipher_new(CRYPTO_ECB_ENCRYPT, key + TWEAK_KEY_AT, method->key_size,
				       &context->mask);
	if (rc < 0)
		return rc;
	*ret_context = TAKE(context);
	return 0;
}

static int borrow(struct sector_cipher *cipher, struct context **ret_context)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct context *context = atomic_exchange(&cipher->slots[i], NULL);

		if (context) {
			*ret_context = context;
			return 0;
		}
	}
	return context_new(cipher, ret_context);
}

static void give_back(struct sector_cipher *cipher, struct context *context)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct context *empty = NULL;

		if (atomic_compare_exchange_strong(&cipher->slots[i], &empty, context))
			return;
	}
	context_free(context);
}

int sector_cipher_new(uint16_t method, const struct secret *fvek, uint32_t sector_size,
		      struct sector_cipher **ret_cipher)
{
	struct sector_cipher *cipher CLEANUP(sector_cipher_free) = NULL;
	const struct method *found = find_method(method);
	struct context *context = NULL;
	int rc;

	if (!found || (sector_size != 512 && sector_size != 4096))
		return -ENOTSUP;
	if (secret_size(fvek) != found->fvek_size)
		return -EINVAL;
	cipher = calloc(1, sizeof(*cipher));
	if (!cipher)
		return -ENOMEM;
	cipher->method = found;
	cipher->sector_size = sector_size;
	for (size_t i = 0; i < SLOTS; i++)
		atomic_init(&cipher->slots[i], NULL);
	cipher->fvek = secret_copy(secret_bytes(fvek), secret_size(fvek));
	if (!cipher->fvek)
		return -ENOMEM;
	rc = context_new(cipher, &context); /* so that a key that is refused shows here */
	if (rc < 0)
		return rc;
	give_back(cipher, context);
	*ret_cipher = TAKE(cipher);
	return 0;
}

static void put_le64(uint8_t block[CRYPTO_BLOCK_SIZE], uint64_t value)
{
	memset(block, 0, CRYPTO_BLOCK_SIZE);
	for (unsigned int i = 0; i < 8; i++)
		block[i] = (uint8_t)(value >> (8 * i));
}

static int decrypt_xts(struct sector_cipher *cipher, struct context *context, uint64_t offset,
		       uint8_t *buffer, size_t count)
{
	uint32_t size = cipher->sector_size;
	uint8_t unit[CRYPTO_BLOCK_SIZE];
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		put_le64(unit, offset / size + i);
		rc = crypto_cipher_run(context->data, unit, buffer + i * size, buffer + i * size,
				       size);
	}
	return rc;
}

/* The diffuser's part behind CBC; `masks` holds each sector's key. */
static void undo_elephant(uint8_t *sector, uint32_t size, const uint8_t mask[SECTOR_KEY_SIZE])
{
	diffuser_decrypt(sector, size);
	for (uint32_t i = 0; i < size; i++)
		sector[i] ^= mask[i % SECTOR_KEY_SIZE];
}

static int sector_keys(struct context *context, uint64_t offset, uint32_t sector_size,
		       uint8_t (*masks)[SECTOR_KEY_SIZE], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put_le64(masks[i], offset + i * sector_size);
		put_le64(masks[i] + CRYPTO_BLOCK_SIZE, offset + i * sector_size);
		masks[i][SECTOR_KEY_SIZE - 1] = 0x80;
	}
	return crypto_cipher_run(context->mask, NULL, masks[0], masks[0], count * SECTOR_KEY_SIZE);
}

/* At most BATCH sectors. */
static int decrypt_cbc(struct sector_cipher *cipher, struct context *context, uint64_t offset,
		       uint8_t *buffer, size_t count)
{
	uint8_t ivs[BATCH][CRYPTO_BLOCK_SIZE];
	uint8_t masks[BATCH][SECTOR_KEY_SIZE];
	uint32_t size = cipher->sector_size;
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		put_le64(ivs[i], offset + i * size);
	rc = crypto_cipher_run(context->iv, NULL, ivs[0], ivs[0], count * CRYPTO_BLOCK_SIZE);
	if (rc == 0 && context->mask)
		rc = sector_keys(context, offset, size, masks, count);
	for (size_t i = 0; i < count && rc == 0; i++) {
		uint8_t *sector = buffer + i * size;

		rc = crypto_cipher_run(context->data, ivs[i], sector, sector, size);
		if (rc == 0 && context->mask)
			undo_elephant(sector, size, masks[i]);
	}
	secret_wipe(masks, sizeof(masks));
	return rc;
}

int sector_cipher_decrypt(struct sector_cipher *cipher, uint64_t offset, uint8_t *buffer,
			  size_t count)
{
	uint32_t size = cipher->sector_size;
	struct context *context = NULL;
	int rc;

	if (offset % size != 0)
		return -EINVAL;
	rc = borrow(cipher, &context);
	if (rc < 0)
		return rc;
	while (count > 0 && rc == 0) {
		size_t batch = count < BATCH ? count : BATCH;

		if (cipher->method->mode == CRYPTO_XTS_DECRYPT)
			rc = decrypt_xts(cipher, context, offset, buffer, batch);
		else
			rc = decrypt_cbc(cipher, context, offset, buffer, batch);
		offset += batch * size;
		buffer += batch * size;
		count -= batch;
	}
	give_back(cipher, context);
	return rc;
}

void sector_cipher_free(struct sector_cipher *cipher)
{
	if (!cipher)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		context_free(atomic_load(&cipher->slots[i]));
	secret_free(cipher->fvek);
	free(cipher);
}
