/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small BitLocker volume of the unit tests; see bde_made.h. No code of bde/ is used here. */
#include "tests/bde_made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/crc32.h"

const char made_password[] = "Pa\xc3\x9fwort \xe2\x82\xac \xf0\x9f\x94\x91";
const uint8_t made_password_utf16[] = {'P', 0, 'a', 0, 0xdf, 0,	   'w', 0, 'o',	 0,    'r',  0,
				       't', 0, ' ', 0, 0xac, 0x20, ' ', 0, 0x3d, 0xd8, 0x11, 0xdd};
const size_t made_password_utf16_size = sizeof(made_password_utf16);
const char made_recovery[] = "000000-000011-720885-111111-222222-333333-444444-555555";
static const uint8_t jump[3] = {0xeb, 0x58, 0x90};
static const uint8_t signature[8] = {'-', 'F', 'V', 'E', '-', 'F', 'S', '-'};
static const uint16_t recovery_values[8] = {0, 1, 65535, 10101, 20202, 30303, 40404, 50505};
const uint8_t made_bek_id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
const uint8_t made_bek_key[32] = {0xb1, 0xe2, 0xc3, 0xd4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1};
static const uint8_t clear_key[32] = {0xc1, 0xea, 3};
static const uint8_t salt[16] = {0x5a, 0x17, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void check(int good)
{
	if (good > 0)
		return;
	printf("Bail out! the crypto library failed\n");
	exit(99);
}

void made_put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static void sha256(const void *data, size_t size, uint8_t out[32])
{
	check(EVP_Digest(data, size, out, NULL, EVP_sha256(), NULL));
}

/* ----------------------------------------------------------------- sectors */

static void run_cipher(const EVP_CIPHER *type, const uint8_t *key, const uint8_t *iv, uint8_t *data,
		       size_t size)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0;

	check(EVP_EncryptInit_ex2(context, type, key, iv, NULL));
	check(EVP_CIPHER_CTX_set_padding(context, 0));
	check(EVP_EncryptUpdate(context, data, &done, data, (int)size));
	check(done == (int)size);
	EVP_CIPHER_CTX_free(context);
}

static uint32_t rotate(uint32_t value, int bits)
{
	return bits ? value << bits | value >> (32 - bits) : value;
}

/* The diffusers as Ferguson's paper writes them for encryption: A, then B, both backwards. */
static void diffuse(uint8_t *sector, size_t size)
{
	static const int turn_a[4] = {9, 0, 13, 0};
	static const int turn_b[4] = {0, 10, 0, 25};
	uint32_t d[1024];
	size_t n = size / 4;

	for (size_t i = 0; i < n; i++)
		d[i] = (uint32_t)get(sector + 4 * i, 4);
	for (int cycle = 0; cycle < 5; cycle++) {
		for (size_t i = n; i-- > 0;)
			d[i] -= d[(i + n - 2) % n] ^ rotate(d[(i + n - 5) % n], turn_a[i % 4]);
	}
	for (int cycle = 0; cycle < 3; cycle++) {
		for (size_t i = n; i-- > 0;)
			d[i] -= d[(i + 2) % n] ^ rotate(d[(i + 5) % n], turn_b[i % 4]);
	}
	for (size_t i = 0; i < n; i++)
		made_put(sector + 4 * i, d[i], 4);
}

static void elephant(const EVP_CIPHER *ecb, const uint8_t *fvek, uint64_t offset, uint8_t *sector,
		     size_t size)
{
	uint8_t key[32] = {0};

	made_put(key, offset, 8);
	made_put(key + 16, offset, 8);
	key[31] = 0x80;
	run_cipher(ecb, fvek + 32, NULL, key, sizeof(key));
	for (size_t i = 0; i < size; i++)
		sector[i] ^= key[i % 32];
	diffuse(sector, size);
}

void made_encrypt_sector(uint16_t method, const uint8_t *fvek, uint64_t offset, uint8_t *sector,
			 size_t size)
{
	bool wide = method & 1; /* 256 bits */
	const EVP_CIPHER *ecb = wide ? EVP_aes_256_ecb() : EVP_aes_128_ecb();
	const EVP_CIPHER *cbc = wide ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
	const EVP_CIPHER *xts = wide ? EVP_aes_256_xts() : EVP_aes_128_xts();
	uint8_t iv[16] = {0};

	if (method >= 0x8004) {
		made_put(iv, offset / size, 8);
		run_cipher(xts, fvek, iv, sector, size);
		return;
	}
	if (method <= 0x8001)
		elephant(ecb, fvek, offset, sector, size);
	made_put(iv, offset, 8);
	run_cipher(ecb, fvek, NULL, iv, sizeof(iv));
	run_cipher(cbc, fvek, iv, sector, size);
}

/* ---------------------------------------------------------------- metadata */

void made_ccm(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *data, size_t size,
	      uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0;

	check(EVP_EncryptInit_ex2(context, EVP_aes_256_ccm(), NULL, NULL, NULL));
	check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL));
	check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, NULL));
	check(EVP_EncryptInit_ex2(context, NULL, key, nonce, NULL));
	check(EVP_EncryptUpdate(context, out + 16, &done, data, (int)size));
	check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out));
	EVP_CIPHER_CTX_free(context);
}

/* Something to append datums to. */
struct writer {
	uint8_t *at;
	unsigned int nonce;
};

/* Begin a datum; its size is set by end_datum(). */
static uint8_t *begin_datum(struct writer *writer, uint16_t role, uint16_t type)
{
	uint8_t *datum = writer->at;

	made_put(datum + 2, role, 2);
	made_put(datum + 4, type, 2);
	made_put(datum + 6, 1, 2);
	writer->at += 8;
	return datum;
}

static void end_datum(const struct writer *writer, uint8_t *datum)
{
	made_put(datum, (uint64_t)(writer->at - datum), 2);
}

static void put_bytes(struct writer *writer, const void *data, size_t size)
{
	memcpy(writer->at, data, size);
	writer->at += size;
}

static void put_number(struct writer *writer, uint64_t value, size_t bytes)
{
	made_put(writer->at, value, bytes);
	writer->at += bytes;
}

static void put_key(struct writer *writer, uint16_t role, uint16_t method, const uint8_t *key,
		    size_t size)
{
	uint8_t *datum = begin_datum(writer, role, 1);

	put_number(writer, method, 4);
	put_bytes(writer, key, size);
	end_datum(writer, datum);
}

/* A key, wrapped under another one. */
static void put_wrapped(struct writer *writer, uint16_t role, const uint8_t wrap[32],
			uint16_t method, const uint8_t *key, size_t size)
{
	uint8_t inner[128] = {0};
	struct writer inside = {.at = inner};
	uint8_t *datum = begin_datum(writer, role, 5);
	uint8_t nonce[12] = {0};
	size_t inner_size;

	made_put(nonce + 8, ++writer->nonce, 4);
	put_bytes(writer, nonce, sizeof(nonce));
	put_key(&inside, 0, method, key, size);
	inner_size = (size_t)(inside.at - inner);
	made_ccm(wrap, nonce, inner, inner_size, writer->at);
	writer->at += 16 + inner_size;
	end_datum(writer, datum);
}

static void stretch(const uint8_t initial[32], uint8_t out[32])
{
	uint8_t input[88] = {0};

	memcpy(input + 32, initial, 32);
	memcpy(input + 64, salt, 16);
	for (uint64_t round = 0; round < 0x100000; round++) {
		made_put(input + 80, round, 8);
		sha256(input, sizeof(input), input);
	}
	memcpy(out, input, 32);
}

/* Stretching is slow, so each is done once. */
static const uint8_t *password_key(void)
{
	static uint8_t key[32];
	static bool known;

	if (!known) {
		sha256(made_password_utf16, sizeof(made_password_utf16), key);
		sha256(key, sizeof(key), key);
		stretch(key, key);
		known = true;
	}
	return key;
}

static const uint8_t *recovery_key(void)
{
	static uint8_t key[32];
	static bool known;

	if (!known) {
		uint8_t binary[16];

		for (size_t i = 0; i < 8; i++)
			made_put(binary + 2 * i, recovery_values[i], 2);
		sha256(binary, sizeof(binary), key);
		stretch(key, key);
		known = true;
	}
	return key;
}

static void put_protector(struct writer *writer, const struct made *made, uint16_t type,
			  const uint8_t id[16], const uint8_t wrap[32])
{
	uint8_t *datum = begin_datum(writer, 2, 8);
	uint8_t *inner;

	put_bytes(writer, id, 16);
	put_number(writer, 132000000000000000, 8);
	put_number(writer, 0, 2);
	put_number(writer, type, 2);
	if (type == 0x0200) {
		inner = begin_datum(writer, 0, 2);
		put_bytes(writer, "E\0K\0\0\0", 6);
		end_datum(writer, inner);
	} else if (type == 0) {
		put_key(writer, 0, 0x2000, wrap, 32);
	} else {
		inner = begin_datum(writer, 0, 3);
		put_number(writer, 0x1000, 4);
		put_bytes(writer, salt, 16);
		end_datum(writer, inner);
	}
	put_wrapped(writer, 0, wrap, 0x2003, made->vmk, sizeof(made->vmk));
	end_datum(writer, datum);
}

static void put_protectors(struct writer *writer, const struct made *made, unsigned int protectors)
{
	static const uint8_t other_ids[3][16] = {{0xc1}, {0xaa}, {0xee}};

	if (protectors & MADE_BEK)
		put_protector(writer, made, 0x0200, made_bek_id, made_bek_key);
	if (protectors & MADE_CLEAR)
		put_protector(writer, made, 0, other_ids[0], clear_key);
	if (protectors & MADE_PASSWORD)
		put_protector(writer, made, 0x2000, other_ids[1], password_key());
	if (protectors & MADE_RECOVERY)
		put_protector(writer, made, 0x0800, other_ids[2], recovery_key());
}

static void put_datums(struct writer *writer, const struct made *made, unsigned int protectors)
{
	uint8_t *datum = begin_datum(writer, 7, 2);

	put_bytes(writer, "T\0e\0s\0t\0\0\0", 10);
	end_datum(writer, datum);
	put_protectors(writer, made, protectors);
	put_wrapped(writer, 3, made->vmk, made->method, made->fvek, made->fvek_size);
	datum = begin_datum(writer, 0x0f, 0x0f);
	put_number(writer, MADE_HEADER_AT, 8);
	put_number(writer, MADE_HEADER_SIZE, 8);
	if (made->place_flags) {
		put_number(writer, 5, 2);
		put_number(writer, 76, 2);
		put_number(writer, 0, 4);
		put_number(writer, made->place_flags, 4);
		writer->at += 64;
	}
	end_datum(writer, datum);
}

size_t made_block_size(const uint8_t *disk, size_t at)
{
	return (size_t)get(disk + at + 8, 2) * 16;
}

void made_fix_crc(uint8_t *disk, size_t disk_size, size_t at)
{
	size_t size;

	if (disk_size < at + 16)
		return;
	size = made_block_size(disk, at);
	if (disk_size - at < size + 8)
		return;
	made_put(disk + at + size + 4, crc32_compute(disk + at, size), 4);
}

void made_seal(struct made *made, size_t at, bool rehash)
{
	size_t size = made_block_size(made->disk, at);
	struct writer writer = {.at = made->disk + at + size + 8, .nonce = 1000};
	uint8_t hash[32];

	if (MADE_SIZE - at < size + 200)
		return;
	made_put(made->disk + at + size, 200, 2);
	made_put(made->disk + at + size + 2, 2, 2);
	made_fix_crc(made->disk, MADE_SIZE, at);
	if (!rehash)
		return;
	sha256(made->disk + at, size, hash);
	put_wrapped(&writer, 0, made->vmk, 0x2005, hash, sizeof(hash));
}

static void put_block(struct made *made, unsigned int protectors, size_t at)
{
	uint8_t *block = made->disk + at;
	struct writer writer = {.at = block + MADE_DATUMS_AT};
	uint64_t size;

	memset(block, 0, 65536);
	put_datums(&writer, made, protectors);
	size = (uint64_t)(writer.at - block);
	memcpy(block, signature, sizeof(signature));
	made_put(block + 8, (size + 15) / 16, 2);
	made_put(block + 10, 2, 2);
	made_put(block + 12, 4, 2);
	made_put(block + 14, 4, 2);
	made_put(block + 16, MADE_SIZE, 8);
	made_put(block + 28, MADE_HEADER_SIZE / made->sector_size, 4);
	made_put(block + 32, MADE_COPY_1, 8);
	made_put(block + 40, MADE_COPY_2, 8);
	made_put(block + 48, MADE_COPY_3, 8);
	made_put(block + 56, MADE_HEADER_AT, 8);
	made_put(block + 64, size - 64, 4);
	made_put(block + 68, 1, 4);
	made_put(block + 72, 48, 4);
	made_put(block + 76, size - 64, 4);
	memset(block + 80, 0x1d, 16);
	made_put(block + 100, made->method, 2);
	made_put(block + 104, 132000000000000000, 8);
	made_seal(made, at, true);
}

static void put_boot(struct made *made)
{
	static const uint8_t guid[16] = {0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a,
					 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01};
	uint8_t *boot = made->disk;

	memset(boot, 0, MADE_HEADER_SIZE);
	memcpy(boot, jump, sizeof(jump));
	memcpy(boot + 3, signature, sizeof(signature));
	made_put(boot + 11, made->sector_size, 2);
	boot[13] = 8;
	memcpy(boot + 0xa0, guid, sizeof(guid));
	made_put(boot + 0xb0, MADE_COPY_1, 8);
	made_put(boot + 0xb8, MADE_COPY_2, 8);
	made_put(boot + 0xc0, MADE_COPY_3, 8);
}

static void fill_random(uint8_t *data, size_t size, uint64_t state)
{
	for (size_t i = 0; i < size; i++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		data[i] = (uint8_t)(state >> 56);
	}
}

static void encrypt_all(struct made *made)
{
	memcpy(made->disk, made->plain, MADE_SIZE);
	memcpy(made->disk + MADE_HEADER_AT, made->plain, MADE_HEADER_SIZE);
	for (size_t at = 0; at < MADE_SIZE; at += made->sector_size)
		made_encrypt_sector(made->method, made->fvek, at, made->disk + at,
				    made->sector_size);
}

static const size_t copies[3] = {MADE_COPY_1, MADE_COPY_2, MADE_COPY_3};

static bool in_copy(size_t at)
{
	for (size_t i = 0; i < 3; i++) {
		if (at >= copies[i] && at < copies[i] + 65536)
			return true;
	}
	return false;
}

void made_decrypt(struct made *made, size_t start, size_t end)
{
	for (size_t at = start; at < end; at++) {
		if (at >= MADE_HEADER_AT && at < MADE_HEADER_AT + MADE_HEADER_SIZE)
			made->disk[at] = made->plain[at - MADE_HEADER_AT];
		else if (at >= MADE_HEADER_SIZE && !in_copy(at))
			made->disk[at] = made->plain[at];
	}
}

struct made *made_new(uint16_t method, uint32_t sector_size, unsigned int protectors)
{
	return made_new_flags(method, sector_size, protectors, 0);
}

struct made *made_new_flags(uint16_t method, uint32_t sector_size, unsigned int protectors,
			    uint32_t place_flags)
{
	static const uint8_t sizes[6] = {64, 64, 16, 32, 32, 64};
	struct made *made = calloc(1, sizeof(*made));

	check(made != NULL);
	made->place_flags = place_flags;
	made->method = method;
	made->sector_size = sector_size;
	made->fvek_size = sizes[(method - 0x8000U) % 6];
	fill_random(made->vmk, sizeof(made->vmk), 1);
	fill_random(made->fvek, sizeof(made->fvek), 2);
	fill_random(made->plain, MADE_SIZE, 3);
	memset(made->plain + MADE_HEADER_AT, 0, MADE_HEADER_SIZE);
	for (size_t i = 0; i < 3; i++)
		memset(made->plain + copies[i], 0, 65536);
	encrypt_all(made);
	put_boot(made);
	for (size_t i = 0; i < 3; i++)
		put_block(made, protectors, copies[i]);
	return made;
}

/* --------------------------------------------------------------------- BEK */

size_t made_bek(bool newer, uint8_t *out)
{
	struct writer writer = {.at = out};
	uint8_t *external;
	uint8_t *datum;
	size_t size;

	memset(out, 0, MADE_BEK_SIZE_NEW);
	put_number(&writer, 0, 4);
	put_number(&writer, 1, 4);
	put_number(&writer, 48, 4);
	put_number(&writer, 0, 4);
	put_bytes(&writer, made_bek_id, 16);
	put_number(&writer, 1, 8);
	put_number(&writer, 132000000000000000, 8);
	external = begin_datum(&writer, 6, 9);
	put_bytes(&writer, made_bek_id, 16);
	put_number(&writer, 132000000000000000, 8);
	datum = begin_datum(&writer, 0, 2);
	put_bytes(&writer, "E\0x\0t\0e\0r\0n\0a\0l\0K\0e\0y\0\0\0", 24);
	end_datum(&writer, datum);
	if (newer) {
		datum = begin_datum(&writer, 0x19, 0x17);
		put_bytes(&writer, made_bek_id, 16);
		end_datum(&writer, datum);
	}
	put_key(&writer, 0, 0x2002, made_bek_key, sizeof(made_bek_key));
	end_datum(&writer, external);
	size = (size_t)(writer.at - out);
	made_put(out, size, 4);
	made_put(out + 12, size, 4);
	return size;
}
