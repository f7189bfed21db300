/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BitLocker's cryptography in the encrypting direction: see cipher.h.
 *
 *   XTS           one data unit is one sector; tweak = number of the sector in the volume
 *   CBC           IV = AES-ECB(key, byte offset of the sector)
 *   CBC+diffuser  the sector is XORed with a sector key, goes through diffusers A and B
 *                 (Ferguson, "AES-CBC + Elephant diffuser", 2006), then through CBC as above
 */
#include "tests/mkade/bde/cipher.h"

#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>

#include "tests/mkade/util.h"

#define STRETCH_ROUNDS UINT64_C(0x100000)

static const struct method methods[] = {
	{"cbc-128-diffuser", 0x8000, 128, 64, METHOD_CBC_DIFFUSER},
	{"cbc-256-diffuser", 0x8001, 256, 64, METHOD_CBC_DIFFUSER},
	{"cbc-128", 0x8002, 128, 16, METHOD_CBC},
	{"cbc-256", 0x8003, 256, 32, METHOD_CBC},
	{"xts-128", 0x8004, 128, 32, METHOD_XTS},
	{"xts-256", 0x8005, 256, 64, METHOD_XTS},
};

struct sha256_stream {
	gcry_md_hd_t md;
};

struct sector_cipher {
	const struct method *method;
	size_t sector_size;
	gcry_cipher_hd_t data;	/* XTS or CBC */
	gcry_cipher_hd_t iv;	/* ECB with the data key; NULL for XTS */
	gcry_cipher_hd_t tweak; /* ECB with the sector key's key; NULL without diffuser */
};

static void check(gcry_error_t e, const char *what)
{
	if (e)
		die("libgcrypt: %s: %s", what, gcry_strerror(e));
}

void cipher_init(void)
{
	if (!gcry_check_version(GCRYPT_VERSION))
		die("libgcrypt is older than its header");
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

const struct method *method_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	die("unknown method '%s'", name);
}

void sha256(const void *data, size_t n, uint8_t ret_digest[SHA256_LEN])
{
	gcry_md_hash_buffer(GCRY_MD_SHA256, ret_digest, data, n);
}

struct sha256_stream *sha256_begin(void)
{
	struct sha256_stream *s = xalloc(sizeof(*s));

	check(gcry_md_open(&s->md, GCRY_MD_SHA256, 0), "SHA-256");
	return s;
}

void sha256_add(struct sha256_stream *s, const void *data, size_t n)
{
	gcry_md_write(s->md, data, n);
}

void sha256_end(struct sha256_stream *s, uint8_t ret_digest[SHA256_LEN])
{
	memcpy(ret_digest, gcry_md_read(s->md, GCRY_MD_SHA256), SHA256_LEN);
	gcry_md_close(s->md);
	free(s);
}

static gcry_cipher_hd_t open_aes(unsigned int bits, int mode, const uint8_t *key, size_t key_len)
{
	gcry_cipher_hd_t h;

	check(gcry_cipher_open(&h, bits == 128 ? GCRY_CIPHER_AES128 : GCRY_CIPHER_AES256, mode, 0),
	      "open AES");
	check(gcry_cipher_setkey(h, key, key_len), "set key");
	return h;
}

void ccm_encrypt(const uint8_t key[VMK_LEN], const uint8_t nonce[CCM_NONCE_LEN], const uint8_t *in,
		 size_t n, uint8_t ret_tag[CCM_TAG_LEN], uint8_t *ret_out)
{
	gcry_cipher_hd_t h = open_aes(256, GCRY_CIPHER_MODE_CCM, key, VMK_LEN);
	uint64_t lengths[3] = {n, 0, CCM_TAG_LEN};

	check(gcry_cipher_setiv(h, nonce, CCM_NONCE_LEN), "CCM nonce");
	check(gcry_cipher_ctl(h, GCRYCTL_SET_CCM_LENGTHS, lengths, sizeof(lengths)), "CCM lengths");
	check(gcry_cipher_encrypt(h, ret_out, n, in, n), "CCM");
	check(gcry_cipher_gettag(h, ret_tag, CCM_TAG_LEN), "CCM tag");
	gcry_cipher_close(h);
}

void key_stretch(const uint8_t initial[SHA256_LEN], const uint8_t salt[16],
		 uint8_t ret_key[SHA256_LEN])
{
	uint8_t state[88] = {0}; /* last hash, initial hash, salt, u64 round */

	memcpy(state + 32, initial, SHA256_LEN);
	memcpy(state + 64, salt, 16);
	for (uint64_t round = 0; round < STRETCH_ROUNDS; round++) {
		put64(state + 80, round);
		sha256(state, sizeof(state), state);
	}
	memcpy(ret_key, state, SHA256_LEN);
}

struct sector_cipher *sector_cipher_open(const struct method *m, const uint8_t *fvek,
					 size_t sector_size)
{
	struct sector_cipher *c = xalloc(sizeof(*c));
	size_t aes_len = m->aes_bits / 8;

	c->method = m;
	c->sector_size = sector_size;
	if (m->kind == METHOD_XTS) {
		c->data = open_aes(m->aes_bits, GCRY_CIPHER_MODE_XTS, fvek, 2 * aes_len);
		return c;
	}
	c->data = open_aes(m->aes_bits, GCRY_CIPHER_MODE_CBC, fvek, aes_len);
	c->iv = open_aes(m->aes_bits, GCRY_CIPHER_MODE_ECB, fvek, aes_len);
	if (m->kind == METHOD_CBC_DIFFUSER)
		c->tweak = open_aes(m->aes_bits, GCRY_CIPHER_MODE_ECB, fvek + 32, aes_len);
	return c;
}

static uint32_t rotl(uint32_t v, unsigned int by)
{
	return by ? v << by | v >> (32 - by) : v;
}

/*
 * The paper defines the decrypting direction of both diffusers as additions in rising order.
 * Encrypting takes the same steps back: subtractions in falling order.
 */
static void diffuser_a(uint32_t *d, size_t n)
{
	static const unsigned int rot[4] = {9, 0, 13, 0};

	for (int cycle = 0; cycle < 5; cycle++)
		for (size_t i = n; i-- > 0;)
			d[i] -= d[(i + n - 2) % n] ^ rotl(d[(i + n - 5) % n], rot[i % 4]);
}

static void diffuser_b(uint32_t *d, size_t n)
{
	static const unsigned int rot[4] = {0, 10, 0, 25};

	for (int cycle = 0; cycle < 3; cycle++)
		for (size_t i = n; i-- > 0;)
			d[i] -= d[(i + 2) % n] ^ rotl(d[(i + 5) % n], rot[i % 4]);
}

static void diffuse(struct sector_cipher *c, uint8_t *sector, uint64_t offset)
{
	uint32_t words[1024]; /* of a sector of at most 4096 bytes */
	uint8_t key[32] = {0};
	size_t n = c->sector_size / 4;

	put64(key, offset);
	put64(key + 16, offset);
	key[31] = 0x80;
	check(gcry_cipher_encrypt(c->tweak, key, sizeof(key), NULL, 0), "sector key");
	for (size_t i = 0; i < c->sector_size; i++)
		sector[i] ^= key[i % sizeof(key)];
	for (size_t i = 0; i < n; i++)
		words[i] = get32(sector + 4 * i);
	diffuser_a(words, n);
	diffuser_b(words, n);
	for (size_t i = 0; i < n; i++)
		put32(sector + 4 * i, words[i]);
}

static void encrypt_one(struct sector_cipher *c, uint8_t *sector, uint64_t offset)
{
	uint8_t iv[16] = {0};

	if (c->method->kind == METHOD_XTS) {
		put64(iv, offset / c->sector_size);
	} else {
		put64(iv, offset);
		check(gcry_cipher_encrypt(c->iv, iv, sizeof(iv), NULL, 0), "IV");
	}
	if (c->tweak)
		diffuse(c, sector, offset);
	check(gcry_cipher_setiv(c->data, iv, sizeof(iv)), "set IV");
	check(gcry_cipher_encrypt(c->data, sector, c->sector_size, NULL, 0), "encrypt");
}

void sector_cipher_encrypt(struct sector_cipher *c, uint8_t *buf, size_t n, uint64_t offset)
{
	for (size_t at = 0; at < n; at += c->sector_size)
		encrypt_one(c, buf + at, offset + at);
}

void sector_cipher_close(struct sector_cipher *c)
{
	gcry_cipher_close(c->data);
	gcry_cipher_close(c->iv);
	gcry_cipher_close(c->tweak);
	free(c);
}
