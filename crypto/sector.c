/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BitLocker's sector ciphers. Initialisation vectors, little-endian, `offset` being the sector's
 * byte offset from the start of the volume:
 *
 *   AES-XTS       data unit number = offset / sector size
 *   AES-CBC       IV = AES-ECB(key, offset as 16 bytes)
 *   with diffuser CBC as above, then the diffuser, then XOR with the sector key: AES-ECB(tweak key,
 *                 .) of the offset, and of the offset with byte 15 set to 0x80, repeated
 *
 * Source: N. Ferguson, "AES-CBC + Elephant diffuser", 2006, for CBC; IEEE 1619 for XTS.
 *
 * Threads: contexts of the crypto library keep state between calls and take time to key. So each
 * call borrows a set of them from an array of slots by atomic exchange, and returns it the same
 * way. When all slots are empty, a new set is keyed; when all are full, the returned set is freed.
 * Nothing waits. All other fields are constant after construction.
 */
#include "crypto/sector.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/aes_x86.h"
#include "crypto/crypto.h"
#include "crypto/diffuser.h"
#include "crypto/xts.h"

enum {
	SLOTS = 16,   /* sets kept; more threads than the mount ever starts */
	BATCH = 64,   /* sectors whose vectors are encrypted in one call */
	CHECKED = 11, /* sectors decrypted twice to check a way: more than are done at once */
};

/* What one thread needs of the crypto library; which of these depends on method and way. */
struct context {
	struct crypto_cipher *data; /* XTS, CBC, or for XTS in bulk ECB */
	struct crypto_cipher *iv;   /* ECB: CBC's vectors, or the tweaks of XTS in bulk */
	struct crypto_cipher *mask; /* diffuser: ECB under the tweak key */
};

struct sector_cipher {
	enum sector_mode mode;
	enum sector_way way;
	uint32_t sector_size;
	size_t key_size;     /* of each key, bytes */
	struct secret *keys; /* data key, then tweak key */
	struct aes_x86 *aes; /* SECTOR_VAES and up */
	_Atomic(struct context *) slots[SLOTS];
};

const char *sector_way_name(enum sector_way way)
{
	static const char *const names[SECTOR_WAYS] = {"library", "bulk", "vaes", "vaes512"};

	return names[way];
}

/* -------------------------------------------------------------------- contexts */

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

static int key_data(const struct sector_cipher *cipher, struct context *context)
{
	const uint8_t *key = secret_bytes(cipher->keys);
	size_t size = cipher->key_size;
	bool xts = cipher->mode == SECTOR_XTS;
	int result;

	if (cipher->aes)
		return 0;
	if (xts && cipher->way == SECTOR_LIBRARY)
		return crypto_cipher_new(CRYPTO_XTS_DECRYPT, key, 2 * size, &context->data);
	result = crypto_cipher_new(xts ? CRYPTO_ECB_DECRYPT : CRYPTO_CBC_DECRYPT, key, size,
				   &context->data);
	if (result < 0)
		return result;
	return crypto_cipher_new(CRYPTO_ECB_ENCRYPT, xts ? key + size : key, size, &context->iv);
}

static int context_new(const struct sector_cipher *cipher, struct context **ret_context)
{
	struct context *context CLEANUP(context_free) = calloc(1, sizeof(*context));
	int result;

	if (!context)
		return -ENOMEM;
	result = key_data(cipher, context);
	if (result == 0 && cipher->mode == SECTOR_CBC_DIFFUSER)
		result = crypto_cipher_new(CRYPTO_ECB_ENCRYPT,
					   secret_bytes(cipher->keys) + cipher->key_size,
					   cipher->key_size, &context->mask);
	if (result < 0)
		return result;
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

/* ------------------------------------------------------------------ decrypting */

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
	int result = 0;

	if (cipher->way != SECTOR_LIBRARY)
		return xts_decrypt(context->iv, context->data, offset / size, buffer, count, size);
	for (size_t i = 0; i < count && result == 0; i++) {
		put_le64(unit, offset / size + i);
		result = crypto_cipher_run(context->data, unit, buffer + i * size,
					   buffer + i * size, size);
	}
	return result;
}

/*
 * At most BATCH sectors with one call of the crypto library, since each call starts slowly. They
 * are decrypted as if they were one message, and then the first block of each next sector is
 * corrected: in the message it was XORed with the last block of ciphertext before it, and it needs
 * its sector's initialisation vector.
 */
static int decrypt_cbc_bulk(struct crypto_cipher *cipher, const uint8_t (*ivs)[CRYPTO_BLOCK_SIZE],
			    uint8_t *buffer, size_t count, uint32_t size)
{
	uint8_t last[BATCH][CRYPTO_BLOCK_SIZE]; /* of each sector's ciphertext */
	int result;

	for (size_t i = 0; i < count; i++)
		memcpy(last[i], buffer + (i + 1) * size - CRYPTO_BLOCK_SIZE, CRYPTO_BLOCK_SIZE);
	result = crypto_cipher_run(cipher, ivs[0], buffer, buffer, count * size);
	for (size_t i = 1; i < count; i++) {
		uint8_t *block = buffer + i * size;

		for (size_t k = 0; k < CRYPTO_BLOCK_SIZE; k++)
			block[k] ^= (uint8_t)(ivs[i][k] ^ last[i - 1][k]);
	}
	return result;
}

static int decrypt_cbc(struct sector_cipher *cipher, struct context *context, uint64_t offset,
		       uint8_t *buffer, size_t count)
{
	uint8_t ivs[BATCH][CRYPTO_BLOCK_SIZE];
	uint32_t size = cipher->sector_size;
	int result;

	for (size_t i = 0; i < count; i++)
		put_le64(ivs[i], offset + i * size);
	result = crypto_cipher_run(context->iv, NULL, ivs[0], ivs[0], count * CRYPTO_BLOCK_SIZE);
	if (result == 0 && cipher->way != SECTOR_LIBRARY)
		return decrypt_cbc_bulk(context->data, ivs, buffer, count, size);
	for (size_t i = 0; i < count && result == 0; i++)
		result = crypto_cipher_run(context->data, ivs[i], buffer + i * size,
					   buffer + i * size, size);
	return result;
}

static int sector_keys(struct context *context, uint64_t offset, uint32_t sector_size,
		       uint8_t (*masks)[DIFFUSER_MASK_SIZE], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put_le64(masks[i], offset + i * sector_size);
		put_le64(masks[i] + CRYPTO_BLOCK_SIZE, offset + i * sector_size);
		masks[i][DIFFUSER_MASK_SIZE - 1] = 0x80;
	}
	return crypto_cipher_run(context->mask, NULL, masks[0], masks[0],
				 count * DIFFUSER_MASK_SIZE);
}

/* What follows after CBC. */
static int undo_elephant(struct sector_cipher *cipher, struct context *context, uint64_t offset,
			 uint8_t *buffer, size_t count)
{
	uint8_t masks[BATCH][DIFFUSER_MASK_SIZE];
	uint32_t size = cipher->sector_size;
	enum diffuser_level level = cipher->way >= SECTOR_VAES512 ? DIFFUSER_AVX512
				    : cipher->way >= SECTOR_VAES  ? DIFFUSER_AVX2
								  : DIFFUSER_PLAIN;
	size_t i = 0;
	int result = sector_keys(context, offset, size, masks, count);

	if (result < 0)
		return result;
	if (cipher->way != SECTOR_LIBRARY) {
		for (; i + DIFFUSER_LANES <= count; i += DIFFUSER_LANES)
			diffuser_decrypt_lanes(buffer + i * size, size, masks + i, level);
	}
	for (; i < count; i++) {
		uint8_t *sector = buffer + i * size;

		diffuser_decrypt(sector, size);
		for (uint32_t k = 0; k < size; k++)
			sector[k] ^= masks[i][k % DIFFUSER_MASK_SIZE];
	}
	secret_wipe(masks, sizeof(masks));
	return 0;
}

/* At most BATCH sectors. */
static int decrypt_batch(struct sector_cipher *cipher, struct context *context, uint64_t offset,
			 uint8_t *buffer, size_t count)
{
	bool xts = cipher->mode == SECTOR_XTS;
	uint32_t size = cipher->sector_size;
	int result = 0;

	if (cipher->aes)
		aes_x86_decrypt(cipher->aes, xts ? offset / size : offset, xts ? 1 : size, buffer,
				count, size);
	else if (xts)
		result = decrypt_xts(cipher, context, offset, buffer, count);
	else
		result = decrypt_cbc(cipher, context, offset, buffer, count);
	if (result == 0 && cipher->mode == SECTOR_CBC_DIFFUSER)
		result = undo_elephant(cipher, context, offset, buffer, count);
	return result;
}

int sector_cipher_decrypt(struct sector_cipher *cipher, uint64_t offset, uint8_t *buffer,
			  size_t count)
{
	uint32_t size = cipher->sector_size;
	bool library = !cipher->aes || cipher->mode == SECTOR_CBC_DIFFUSER;
	struct context *context = NULL;
	int result = 0;

	if (offset % size != 0)
		return -EINVAL;
	if (library)
		result = borrow(cipher, &context);
	if (result < 0)
		return result;
	while (count > 0 && result == 0) {
		size_t batch = count < BATCH ? count : BATCH;

		result = decrypt_batch(cipher, context, offset, buffer, batch);
		offset += batch * size;
		buffer += batch * size;
		count -= batch;
	}
	if (library)
		give_back(cipher, context);
	return result;
}

/* ----------------------------------------------------------------- construction */

static int make_aes(struct sector_cipher *cipher)
{
	enum aes_x86_width width = (enum aes_x86_width)(cipher->way - SECTOR_VAES);
	bool xts = cipher->mode == SECTOR_XTS;

	return aes_x86_new(width, xts ? AES_X86_XTS : AES_X86_CBC, secret_bytes(cipher->keys),
			   xts ? 2 * cipher->key_size : cipher->key_size, &cipher->aes);
}

static int copy_keys(struct sector_cipher *cipher, const struct sector_keys *keys)
{
	size_t count = keys->mode == SECTOR_CBC ? 1 : 2;

	cipher->keys = secret_new(count * keys->size);
	if (!cipher->keys)
		return -ENOMEM;
	memcpy(secret_data(cipher->keys), keys->data, keys->size);
	if (count > 1)
		memcpy(secret_data(cipher->keys) + keys->size, keys->tweak, keys->size);
	return 0;
}

int sector_cipher_new_way(const struct sector_keys *keys, uint32_t sector_size, enum sector_way way,
			  struct sector_cipher **ret_cipher)
{
	struct sector_cipher *cipher CLEANUP(sector_cipher_free) = NULL;
	struct context *context = NULL;
	int result;

	if (sector_size != 512 && sector_size != 4096)
		return -ENOTSUP;
	if (keys->size != 16 && keys->size != 32)
		return -EINVAL;
	if (way == SECTOR_BULK && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return -ENOTSUP;
	cipher = calloc(1, sizeof(*cipher));
	if (!cipher)
		return -ENOMEM;
	cipher->mode = keys->mode;
	cipher->way = way;
	cipher->sector_size = sector_size;
	cipher->key_size = keys->size;
	for (size_t i = 0; i < SLOTS; i++)
		atomic_init(&cipher->slots[i], NULL);
	result = copy_keys(cipher, keys);
	if (result == 0 && way >= SECTOR_VAES)
		result = make_aes(cipher);
	if (result == 0)
		result = context_new(cipher, &context); /* a key that is refused shows here */
	if (result < 0)
		return result;
	give_back(cipher, context);
	*ret_cipher = TAKE(cipher);
	return 0;
}

/*
 * 0: both decrypt a few sectors to the same bytes; -EBADMSG: they do not. At these offsets carries
 * occur in the numbers.
 */
static int compare(struct sector_cipher *cipher, struct sector_cipher *library)
{
	size_t size = (size_t)CHECKED * cipher->sector_size;
	uint64_t offset = (0xffffffffULL - CHECKED / 2) * cipher->sector_size;
	uint8_t *data CLEANUP(free) = malloc(2 * size);
	int result;

	if (!data)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		data[i] = data[size + i] = (uint8_t)(i ^ i >> 8);
	result = sector_cipher_decrypt(cipher, offset, data, CHECKED);
	if (result == 0)
		result = sector_cipher_decrypt(library, offset, data + size, CHECKED);
	if (result == 0 && memcmp(data, data + size, size) != 0)
		result = -EBADMSG;
	secret_wipe(data, 2 * size);
	return result;
}

int sector_cipher_new(const struct sector_keys *keys, uint32_t sector_size,
		      struct sector_cipher **ret_cipher)
{
	struct sector_cipher *library CLEANUP(sector_cipher_free) = NULL;
	int result = sector_cipher_new_way(keys, sector_size, SECTOR_LIBRARY, &library);

	for (int way = SECTOR_WAYS - 1; way > SECTOR_LIBRARY && result == 0; way--) {
		struct sector_cipher *cipher CLEANUP(sector_cipher_free) = NULL;

		result = sector_cipher_new_way(keys, sector_size, (enum sector_way)way, &cipher);
		if (result == 0)
			result = compare(cipher, library);
		if (result == 0) {
			*ret_cipher = TAKE(cipher);
			return 0;
		}
		if (result == -ENOTSUP || result == -EBADMSG)
			result = 0; /* the next */
	}
	if (result == 0)
		*ret_cipher = TAKE(library);
	return result;
}

enum sector_way sector_cipher_way(const struct sector_cipher *cipher)
{
	return cipher->way;
}

void sector_cipher_free(struct sector_cipher *cipher)
{
	if (!cipher)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		context_free(atomic_load(&cipher->slots[i]));
	aes_x86_free(cipher->aes);
	secret_free(cipher->keys);
	free(cipher);
}
