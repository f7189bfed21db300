/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sector ciphers: published vectors, then every way, method, sector size, run length, offset and
 * alignment against one straight library call a sector, and 1 to many threads on one cipher.
 */
#include "crypto/sector.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "bde/format/method.h"
#include "bde/fvek.h"
#include "crypto/diffuser.h"
#include "tests/bde_made.h"
#include "tests/tap.h"

enum {
	RUN_MAX = 200, /* sectors: more than are batched */
	THREADS = 24,  /* more than contexts are kept */
	EDGE = 64,     /* bytes looked at beside a run: a cache line */
};

static const uint16_t methods[] = {
	BDE_METHOD_CBC_128_DIFFUSER, BDE_METHOD_CBC_256_DIFFUSER, BDE_METHOD_CBC_128,
	BDE_METHOD_CBC_256,	     BDE_METHOD_XTS_128,	  BDE_METHOD_XTS_256,
};

static struct secret *make_key(size_t size, unsigned int seed)
{
	struct secret *key = secret_new(size);

	must(key);
	for (size_t i = 0; i < size; i++)
		secret_data(key)[i] = (uint8_t)(seed + i * 7 + i / 32);
	return key;
}

/* The cipher that a volume of this method gets. */
static int new_cipher(uint16_t method, const struct secret *key, uint32_t size,
		      struct sector_cipher **ret_cipher)
{
	struct sector_keys keys;
	int result = fvek_sector_keys(method, key, &keys);

	return result < 0 ? result : sector_cipher_new(&keys, size, ret_cipher);
}

static int new_way(uint16_t method, const struct secret *key, uint32_t size, enum sector_way way,
		   struct sector_cipher **ret_cipher)
{
	struct sector_keys keys;

	must(fvek_sector_keys(method, key, &keys) == 0);
	return sector_cipher_new_way(&keys, size, way, ret_cipher);
}

/* IEEE 1619: the plaintext counts up, 512 bytes; `first` is how the ciphertext begins. */
static void test_xts_vector(uint16_t method, const uint8_t *key_bytes, uint64_t number,
			    const uint8_t first[16], const char *name)
{
	struct secret *key = secret_copy(key_bytes, method_fvek_size(method));
	struct sector_cipher *cipher = NULL;
	uint8_t sector[512];
	bool counts = true;

	for (size_t i = 0; i < sizeof(sector); i++)
		sector[i] = (uint8_t)i;
	made_encrypt_sector(method, key_bytes, number * 512, sector, sizeof(sector));
	ok(memcmp(sector, first, 16) == 0, "%s: the reference is right", name);
	must(new_cipher(method, key, 512, &cipher) == 0);
	is(sector_cipher_decrypt(cipher, number * 512, sector, 1), 0, "%s: is decrypted", name);
	for (size_t i = 0; i < sizeof(sector); i++)
		counts = counts && sector[i] == (uint8_t)i;
	ok(counts, "%s: to its plaintext", name);
	sector_cipher_free(cipher);
	secret_free(key);
}

static void test_xts_vectors(void)
{
	static const uint8_t key_128[32] = {0x27, 0x18, 0x28, 0x18, 0x28, 0x45, 0x90, 0x45,
					    0x23, 0x53, 0x60, 0x28, 0x74, 0x71, 0x35, 0x26,
					    0x31, 0x41, 0x59, 0x26, 0x53, 0x58, 0x97, 0x93,
					    0x23, 0x84, 0x62, 0x64, 0x33, 0x83, 0x27, 0x95};
	static const uint8_t first_128[16] = {0x27, 0xa7, 0x47, 0x9b, 0xef, 0xa1, 0xd4, 0x76,
					      0x48, 0x9f, 0x30, 0x8c, 0xd4, 0xcf, 0xa6, 0xe2};
	static const uint8_t key_256[64] = {
		0x27, 0x18, 0x28, 0x18, 0x28, 0x45, 0x90, 0x45, 0x23, 0x53, 0x60, 0x28, 0x74,
		0x71, 0x35, 0x26, 0x62, 0x49, 0x77, 0x57, 0x24, 0x70, 0x93, 0x69, 0x99, 0x59,
		0x57, 0x49, 0x66, 0x96, 0x76, 0x27, 0x31, 0x41, 0x59, 0x26, 0x53, 0x58, 0x97,
		0x93, 0x23, 0x84, 0x62, 0x64, 0x33, 0x83, 0x27, 0x95, 0x02, 0x88, 0x41, 0x97,
		0x16, 0x93, 0x99, 0x37, 0x51, 0x05, 0x82, 0x09, 0x74, 0x94, 0x45, 0x92};
	static const uint8_t first_256[16] = {0x1c, 0x3b, 0x3a, 0x10, 0x2f, 0x77, 0x03, 0x86,
					      0xe4, 0x83, 0x6c, 0x99, 0xe3, 0x70, 0xcf, 0x9b};

	test_xts_vector(BDE_METHOD_XTS_128, key_128, 0, first_128, "IEEE 1619 vector 4");
	test_xts_vector(BDE_METHOD_XTS_256, key_256, 0xff, first_256, "IEEE 1619 vector 10");
}

static void fill(uint8_t *data, size_t size, uint32_t state)
{
	for (size_t i = 0; i < size; i++) {
		state = state * 1664525 + 1013904223;
		data[i] = (uint8_t)(state >> 24);
	}
}

/* The run is `shift` bytes after an aligned address, between bytes that are not its own. */
static bool run_is_right_at(struct sector_cipher *cipher, uint16_t method, const struct secret *key,
			    uint64_t offset, size_t count, uint32_t size, size_t shift)
{
	size_t length = count * size;
	uint8_t *plain = malloc(length + 1);
	uint8_t *memory = NULL;
	uint8_t *data;
	bool right;

	must(plain && posix_memalign((void **)&memory, EDGE, length + (size_t)3 * EDGE) == 0);
	memset(memory, 0x5a, length + (size_t)3 * EDGE);
	data = memory + EDGE + shift;
	fill(plain, length, (uint32_t)(offset + count));
	memcpy(data, plain, length);
	for (size_t i = 0; i < count; i++)
		made_encrypt_sector(method, secret_bytes(key), offset + i * size, data + i * size,
				    size);
	right = sector_cipher_decrypt(cipher, offset, data, count) == 0 &&
		memcmp(data, plain, length) == 0;
	for (size_t i = 0; i < EDGE; i++)
		right = right && data[-1 - (ptrdiff_t)i] == 0x5a && data[length + i] == 0x5a;
	free(plain);
	free(memory);
	return right;
}

static bool run_is_right(struct sector_cipher *cipher, uint16_t method, const struct secret *key,
			 uint64_t offset, size_t count, uint32_t size)
{
	return run_is_right_at(cipher, method, key, offset, count, size, 0);
}

static bool runs_are_right(struct sector_cipher *cipher, uint16_t method, const struct secret *key,
			   uint32_t size)
{
	static const size_t counts[] = {0, 1, 2, 7, 8, 9, 16, 63, 64, 65, 128, RUN_MAX};
	/* below and above 32 bits, of the byte and of the sector number, up to the largest */
	static const uint64_t sectors[] = {0, 1, 255, 0xfffff, 0x7fffff, 0xfffffffc, 1ULL << 40};
	size_t step = getenv("ADEFUSE_SANITIZED") ? 3 : 1; /* slow there */
	bool right = true;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (size_t k = 0; k < sizeof(sectors) / sizeof(sectors[0]); k += step)
			right = right && run_is_right(cipher, method, key, sectors[k] * size,
						      counts[i], size);
	}
	return right;
}

static void test_way(uint16_t method, uint32_t size, enum sector_way way)
{
	struct secret *key = make_key(method_fvek_size(method), method);
	struct sector_cipher *cipher = NULL;
	const char *name = sector_way_name(way);
	size_t step = getenv("ADEFUSE_SANITIZED") ? 9 : 1; /* slow there */
	bool aligned = true;

	if (new_way(method, key, size, way, &cipher) == -ENOTSUP) {
		printf("# %s, %s, sectors of %u: not on this processor\n", name,
		       bde_method_name(method), size);
		secret_free(key);
		return;
	}
	must(cipher);
	ok(runs_are_right(cipher, method, key, size),
	   "%s, %s, sectors of %u: every run as sector by sector", name, bde_method_name(method),
	   size);
	for (size_t shift = 0; shift < EDGE; shift += step)
		aligned = aligned &&
			  run_is_right_at(cipher, method, key, shift * size, 9, size, shift);
	ok(aligned, "  at every alignment, and nothing beside it is touched");
	sector_cipher_free(cipher);
	secret_free(key);
}

static void test_method(uint16_t method, uint32_t size)
{
	struct secret *key = make_key(method_fvek_size(method), method);
	struct sector_cipher *cipher = NULL;
	struct sector_cipher *faster = NULL;
	bool fastest = true;

	for (unsigned int way = 0; way < SECTOR_WAYS; way++)
		test_way(method, size, (enum sector_way)way);
	must(new_cipher(method, key, size, &cipher) == 0);
	for (unsigned int way = sector_cipher_way(cipher) + 1; way < SECTOR_WAYS; way++)
		fastest = fastest &&
			  new_way(method, key, size, (enum sector_way)way, &faster) == -ENOTSUP;
	ok(fastest, "%s, sectors of %u: the fastest way is used (%s)", bde_method_name(method),
	   size, sector_way_name(sector_cipher_way(cipher)));
	is(sector_cipher_decrypt(cipher, size / 2, NULL, 1), -EINVAL, "  an odd offset is refused");
	sector_cipher_free(cipher);
	secret_free(key);
}

static void test_refusals(void)
{
	struct secret *key = make_key(32, 1);
	struct sector_cipher *cipher = NULL;

	is(new_cipher(0x8006, key, 512, &cipher), -ENOTSUP, "an unknown method");
	is(new_cipher(0, key, 512, &cipher), -ENOTSUP, "no method");
	is(new_cipher(BDE_METHOD_XTS_128, key, 1024, &cipher), -ENOTSUP,
	   "a sector size that no disk has");
	is(new_cipher(BDE_METHOD_XTS_256, key, 512, &cipher), -EINVAL, "a short key");
	is(new_cipher(BDE_METHOD_CBC_128, key, 512, &cipher), -EINVAL, "a long key");
	is(method_fvek_size(0x1234), 0, "no key size for an unknown method");
	secret_free(key);
}

/* Two sectors that differ in one bit come out different everywhere: the diffuser's purpose. */
static void test_diffusion(void)
{
	uint8_t a[512];
	uint8_t b[512];
	unsigned int same = 0;

	fill(a, sizeof(a), 1);
	memcpy(b, a, sizeof(a));
	b[256] ^= 1;
	diffuser_decrypt(a, sizeof(a));
	diffuser_decrypt(b, sizeof(b));
	for (size_t i = 0; i < sizeof(a); i++)
		same += a[i] == b[i];
	ok(same < 32, "the diffuser spreads one bit over the sector (%u bytes are the same)", same);
}

struct worker {
	struct sector_cipher *cipher;
	const struct secret *key;
	unsigned int number;
	uint16_t method;
	bool right;
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	worker->right = true;
	for (unsigned int i = 0; i < 10; i++)
		worker->right = worker->right &&
				run_is_right(worker->cipher, worker->method, worker->key,
					     (worker->number * 1000ULL + i) * 512, 1 + i, 512);
	return NULL;
}

static bool threads_are_right(struct sector_cipher *cipher, uint16_t method,
			      const struct secret *key, unsigned int count)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	bool right = true;

	for (unsigned int i = 0; i < count; i++) {
		workers[i] = (struct worker){cipher, key, i, method, false};
		must(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
	}
	for (unsigned int i = 0; i < count; i++) {
		must(pthread_join(threads[i], NULL) == 0);
		right = right && workers[i].right;
	}
	return right;
}

static void test_threads(uint16_t method, enum sector_way way)
{
	struct secret *key = make_key(method_fvek_size(method), 9);
	struct sector_cipher *cipher = NULL;
	bool right = true;

	if (new_way(method, key, 512, way, &cipher) == 0) {
		/* slow under sanitizers: 1, 2, 4 and 8 there */
		for (unsigned int count = 1; count <= 8;
		     count += getenv("ADEFUSE_SANITIZED") ? count : 1)
			right = right && threads_are_right(cipher, method, key, count);
		right = right && threads_are_right(cipher, method, key, THREADS);
		ok(right, "%s, %s: 1 to 8 and %d threads on one cipher", sector_way_name(way),
		   bde_method_name(method), THREADS);
	}
	sector_cipher_free(cipher);
	secret_free(key);
}

int main(void)
{
	test_xts_vectors();
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		test_method(methods[i], 512);
		test_method(methods[i], 4096);
		for (unsigned int way = 0; way < SECTOR_WAYS; way++)
			test_threads(methods[i], (enum sector_way)way);
	}
	test_diffusion();
	test_refusals();
	return tap_done();
}
