/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast sectors are decrypted and passwords stretched, in this process, for scripts/bench.
 *
 *   bench-cipher [only=NAME] [seconds=S] [passes=N]
 *   bench-cipher stretch
 *   bench-cipher way
 *
 * Prints "FIGURE UNIT VALUE" lines. First every method is checked, bit for bit, against the
 * definition: one EVP call a sector, and Elephant word by word. Then the contestants take turns, N
 * passes of S seconds of the thread's CPU time each; a figure is the median of its passes. A
 * figure's name ends in the bytes that are decrypted in one call, in place: again and again in one
 * buffer, so that it stays in the cache, or "dram": calls of 1 MiB walking through 256 MiB.
 *
 * `cipher.*` goes the way that the program takes on this machine (`way` says which), `way-NAME.*`
 * one of sector.h's, where the processor has it. `only`: those whose names begin so.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/secret.h"
#include "bde/format/method.h"
#include "bde/fvek.h"
#include "crypto/sector.h"
#include "crypto/stretch.h"

enum {
	BLOCK = 16,
	KIB = 1 << 10,
	FEW = 4 * KIB, /* bytes a call */
	MANY = 64 * KIB,
	MIB = 1 << 20,
	DRAM = 256 * MIB, /* more than a cache holds */
	YARDSTICK = 16 * KIB,
	TWEAK_KEY_AT = 32, /* of diffuser methods, in the FVEK */
	PASSES_MAX = 99,
	ROUNDS = 1048576 /* of the stretch */
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "bench-cipher: %s\n", what);
	exit(1);
}

/* Seconds of one of the system's clocks. */
static double now(clockid_t id)
{
	struct timespec time;

	must(clock_gettime(id, &time) == 0, "no clock");
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void put_le64(uint8_t block[BLOCK], uint64_t value)
{
	memset(block, 0, BLOCK);
	for (unsigned int i = 0; i < 8; i++)
		block[i] = (uint8_t)(value >> (8 * i));
}

static struct secret *make_key(uint16_t method)
{
	struct secret *key = secret_new(method_fvek_size(method));

	must(key, "out of memory");
	for (size_t i = 0; i < secret_size(key); i++)
		secret_data(key)[i] = (uint8_t)(method + i * 7 + i / 32);
	return key;
}

/* ---- the definition, sector by sector ---- */

struct reference {
	uint16_t method;
	uint32_t unit;
	EVP_CIPHER_CTX *data; /* XTS or CBC */
	EVP_CIPHER_CTX *iv;   /* CBC: ECB under the same key */
	EVP_CIPHER_CTX *mask; /* diffuser: ECB under the tweak key */
};

static EVP_CIPHER_CTX *keyed(const char *name, const uint8_t *key, bool encrypt)
{
	static const uint8_t zeros[BLOCK];
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	must(cipher && context && EVP_CipherInit_ex2(context, cipher, key, zeros, encrypt, NULL) &&
		     EVP_CIPHER_CTX_set_padding(context, 0),
	     name);
	EVP_CIPHER_free(cipher);
	return context;
}

/* The modes that are measured; AES-CBC 128 is made of the same parts. */
static struct reference reference_of(uint16_t method, const struct secret *key, uint32_t unit)
{
	const uint8_t *bytes = secret_bytes(key);
	struct reference reference = {.method = method, .unit = unit};

	if (method == BDE_METHOD_XTS_128 || method == BDE_METHOD_XTS_256) {
		reference.data = keyed(method == BDE_METHOD_XTS_128 ? "AES-128-XTS" : "AES-256-XTS",
				       bytes, false);
		return reference;
	}
	reference.data = keyed("AES-256-CBC", bytes, false);
	reference.iv = keyed("AES-256-ECB", bytes, true);
	if (method == BDE_METHOD_CBC_256_DIFFUSER)
		reference.mask = keyed("AES-256-ECB", bytes + TWEAK_KEY_AT, true);
	return reference;
}

static void reference_clear(struct reference *reference)
{
	EVP_CIPHER_CTX_free(reference->data);
	EVP_CIPHER_CTX_free(reference->iv);
	EVP_CIPHER_CTX_free(reference->mask);
}

static void run(EVP_CIPHER_CTX *context, const uint8_t *iv, uint8_t *data, size_t size)
{
	int done = 0;

	must((!iv || EVP_CipherInit_ex2(context, NULL, NULL, iv, -1, NULL)) &&
		     EVP_CipherUpdate(context, data, &done, data, (int)size) && done == (int)size,
	     "OpenSSL refused");
}

static uint32_t rotl(uint32_t value, unsigned int bits)
{
	return bits ? value << bits | value >> (32 - bits) : value;
}

/* As crypto/diffuser.c writes it down: 3 cycles of B, then 5 of A, on a circle of `n` words. */
static void textbook_elephant(uint8_t *sector, size_t n)
{
	static const uint8_t turn_b[4] = {0, 10, 0, 25};
	static const uint8_t turn_a[4] = {9, 0, 13, 0};
	uint32_t d[KIB]; /* a sector of 4096 bytes */

	for (size_t i = 0; i < n; i++)
		d[i] = (uint32_t)sector[4 * i] | (uint32_t)sector[4 * i + 1] << 8 |
		       (uint32_t)sector[4 * i + 2] << 16 | (uint32_t)sector[4 * i + 3] << 24;
	for (size_t cycle = 0; cycle < 3; cycle++) {
		for (size_t i = 0; i < n; i++)
			d[i] += d[(i + 2) & (n - 1)] ^ rotl(d[(i + 5) & (n - 1)], turn_b[i % 4]);
	}
	for (size_t cycle = 0; cycle < 5; cycle++) {
		for (size_t i = 0; i < n; i++)
			d[i] += d[(i - 2) & (n - 1)] ^ rotl(d[(i - 5) & (n - 1)], turn_a[i % 4]);
	}
	for (size_t i = 0; i < 4 * n; i++)
		sector[i] = (uint8_t)(d[i / 4] >> (8 * (i % 4)));
}

static void undo_elephant(struct reference *reference, uint64_t offset, uint8_t *sector)
{
	uint8_t mask[2 * BLOCK];

	put_le64(mask, offset);
	put_le64(mask + BLOCK, offset);
	mask[2 * BLOCK - 1] = 0x80;
	run(reference->mask, NULL, mask, sizeof(mask));
	textbook_elephant(sector, reference->unit / 4);
	for (uint32_t i = 0; i < reference->unit; i++)
		sector[i] ^= mask[i % sizeof(mask)];
}

static void reference_decrypt(struct reference *reference, uint64_t offset, uint8_t *buffer,
			      size_t count)
{
	for (size_t i = 0; i < count; i++, offset += reference->unit, buffer += reference->unit) {
		uint8_t iv[BLOCK];

		put_le64(iv, reference->iv ? offset : offset / reference->unit);
		if (reference->iv)
			run(reference->iv, NULL, iv, sizeof(iv));
		run(reference->data, iv, buffer, reference->unit);
		if (reference->mask)
			undo_elephant(reference, offset, buffer);
	}
}

/* ---- the contestants ---- */

enum how {
	OURS,
	BY_WAY,	    /* ours, by the way that `way` says */
	SECTORWISE, /* the definition */
	ONE_UNIT    /* one EVP call without a vector: what openssl speed does */
};

/* What is timed: a method done in one of these ways. */
struct event {
	const char *name; /* without the size */
	uint16_t method;
	uint32_t unit;
	size_t piece; /* bytes a call; 0: "dram" */
	enum how how;
	enum sector_way way;
};

#define EVENT(name, method, unit, piece, ...)          \
	{                                              \
		name, method, unit, piece, __VA_ARGS__ \
	}
#define SIZES(name, method, unit)                                                          \
	EVENT(name, method, unit, FEW, OURS, 0), EVENT(name, method, unit, MANY, OURS, 0), \
		EVENT(name, method, unit, MIB, OURS, 0), EVENT(name, method, unit, 0, OURS, 0)
#define WAYS(name, method)                                                             \
	EVENT("way-bulk." name, method, 512, MANY, BY_WAY, SECTOR_BULK),               \
		EVENT("way-vaes." name, method, 512, MANY, BY_WAY, SECTOR_VAES),       \
		EVENT("way-vaes512." name, method, 512, MANY, BY_WAY, SECTOR_VAES512), \
		EVENT("sectorwise." name, method, 512, MANY, SECTORWISE, 0)

static const struct event events[] = {
	SIZES("cipher.xts-256.512", BDE_METHOD_XTS_256, 512),
	SIZES("cipher.xts-128.512", BDE_METHOD_XTS_128, 512),
	SIZES("cipher.xts-256.4096", BDE_METHOD_XTS_256, 4096),
	SIZES("cipher.xts-128.4096", BDE_METHOD_XTS_128, 4096),
	SIZES("cipher.cbc-256.512", BDE_METHOD_CBC_256, 512),
	SIZES("cipher.cbc-256-diffuser.512", BDE_METHOD_CBC_256_DIFFUSER, 512),
	WAYS("xts-256.512", BDE_METHOD_XTS_256),
	WAYS("xts-128.512", BDE_METHOD_XTS_128),
	WAYS("cbc-256.512", BDE_METHOD_CBC_256),
	WAYS("cbc-256-diffuser.512", BDE_METHOD_CBC_256_DIFFUSER),
	EVENT("evp.xts-256", BDE_METHOD_XTS_256, 512, YARDSTICK, ONE_UNIT, 0),
	EVENT("evp.xts-128", BDE_METHOD_XTS_128, 512, YARDSTICK, ONE_UNIT, 0),
	EVENT("evp.cbc-256", BDE_METHOD_CBC_256, 512, YARDSTICK, ONE_UNIT, 0),
};

enum {
	CONTESTANTS = sizeof(events) / sizeof(events[0])
};

/* One for each of these. */
struct contestant {
	bool enters; /* wanted, and the processor has the way */
	struct secret *key;
	struct sector_cipher *cipher;
	struct reference reference;
	double passes[PASSES_MAX];
};

static void prepare(const struct event *event, struct contestant *c)
{
	struct sector_keys keys;
	int result;

	c->key = make_key(event->method);
	c->reference = reference_of(event->method, c->key, event->unit);
	must(fvek_sector_keys(event->method, c->key, &keys) == 0, event->name);
	result = event->how == BY_WAY
			 ? sector_cipher_new_way(&keys, event->unit, event->way, &c->cipher)
			 : sector_cipher_new(&keys, event->unit, &c->cipher);
	c->enters = result == 0;
	must(result == 0 || (event->how == BY_WAY && result == -ENOTSUP), event->name);
}

static void finish(struct contestant *c)
{
	reference_clear(&c->reference);
	sector_cipher_free(c->cipher);
	secret_free(c->key);
}

/* The same bytes as by the definition, for runs of many lengths and for far offsets; else nothing
 * is timed. */
static void check(const struct event *event, struct contestant *c, uint8_t *buffer)
{
	static const uint64_t places[] = {0, 1, 0xfffff, 0xffffffff, 1ULL << 40};
	uint32_t unit = event->unit;
	uint8_t *want = buffer + MIB;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (size_t count = 1; count <= MIB / unit; count = count * 3 - count / 2) {
			uint64_t offset = places[i] * unit;
			size_t size = count * unit;

			for (size_t k = 0; k < size; k++)
				want[k] = buffer[k] = (uint8_t)(k * k / 7 + k + count);
			reference_decrypt(&c->reference, offset, want, count);
			must(sector_cipher_decrypt(c->cipher, offset, buffer, count) == 0 &&
				     memcmp(buffer, want, size) == 0,
			     "wrong bytes: nothing is timed");
		}
	}
}

static void decrypt(const struct event *event, struct contestant *c, uint64_t offset,
		    uint8_t *buffer, size_t size)
{
	switch (event->how) {
	case OURS:
	case BY_WAY:
		must(sector_cipher_decrypt(c->cipher, offset, buffer, size / event->unit) == 0,
		     event->name);
		break;
	case SECTORWISE:
		reference_decrypt(&c->reference, offset, buffer, size / event->unit);
		break;
	case ONE_UNIT:
		run(c->reference.data, NULL, buffer, size);
		break;
	}
}

/* GB/s of CPU time. */
static double pass(const struct event *event, struct contestant *c, uint8_t *buffer, double seconds)
{
	size_t piece = event->piece ? event->piece : MIB;
	size_t span = event->piece ? event->piece : DRAM;
	double start;
	double spent = 0;
	size_t calls = 0;

	decrypt(event, c, 0, buffer, piece); /* so that code and buffer are warm */
	start = now(CLOCK_THREAD_CPUTIME_ID);
	while (spent < seconds) {
		for (size_t end = calls + MIB / piece; calls < end; calls++) {
			size_t at = calls * piece % span;

			decrypt(event, c, at, buffer + at, piece);
		}
		spent = now(CLOCK_THREAD_CPUTIME_ID) - start;
	}
	return (double)calls * (double)piece / spent / 1e9;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const struct event *event, struct contestant *c, size_t passes)
{
	double median;

	qsort(c->passes, passes, sizeof(c->passes[0]), ascending);
	median = (c->passes[(passes - 1) / 2] + c->passes[passes / 2]) / 2;
	if (event->piece)
		printf("%s.%zuk GB/s %.4f\n", event->name, event->piece / KIB, median);
	else
		printf("%s.dram GB/s %.4f\n", event->name, median);
}

static void measure(const char *only, double seconds, size_t passes)
{
	static struct contestant contestants[CONTESTANTS];
	void *memory = NULL;
	uint8_t *buffer;

	must(posix_memalign(&memory, MIB, DRAM) == 0, "out of memory");
	buffer = memory;
	memset(buffer, 0x5a, DRAM);
	for (size_t i = 0; i < CONTESTANTS; i++) {
		if (strncmp(events[i].name, only, strlen(only)) == 0)
			prepare(&events[i], &contestants[i]);
		if (contestants[i].enters)
			check(&events[i], &contestants[i], buffer);
	}
	for (size_t p = 0; p < passes; p++) {
		for (size_t i = 0; i < CONTESTANTS; i++) {
			if (contestants[i].enters)
				contestants[i].passes[p] =
					pass(&events[i], &contestants[i], buffer, seconds);
		}
	}
	for (size_t i = 0; i < CONTESTANTS; i++) {
		if (contestants[i].enters)
			print(&events[i], &contestants[i], passes);
		finish(&contestants[i]);
	}
	free(memory);
}

/* What the program itself takes here. */
static void say_way(void)
{
	struct secret *key = make_key(BDE_METHOD_XTS_256);
	struct sector_cipher *cipher = NULL;
	struct sector_keys keys;

	must(fvek_sector_keys(BDE_METHOD_XTS_256, key, &keys) == 0 &&
		     sector_cipher_new(&keys, 512, &cipher) == 0,
	     "no cipher");
	printf("%s\n", sector_way_name(sector_cipher_way(cipher)));
	sector_cipher_free(cipher);
	secret_free(key);
}

/* The least that OpenSSL needs for the stretch's rounds: one context, a fetched digest. */
static double stretch_limit(void)
{
	EVP_MD *digest = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t input[88] = {0};
	double start = now(CLOCK_MONOTONIC);
	bool good = digest && context && EVP_DigestInit_ex2(context, digest, NULL);

	for (uint32_t round = 0; round < ROUNDS && good; round++) {
		memcpy(input + 80, &round, sizeof(round));
		good = EVP_DigestInit_ex2(context, NULL, NULL) &&
		       EVP_DigestUpdate(context, input, sizeof(input)) &&
		       EVP_DigestFinal_ex(context, input, NULL);
	}
	must(good, "SHA-256");
	EVP_MD_CTX_free(context);
	EVP_MD_free(digest);
	return now(CLOCK_MONOTONIC) - start;
}

static void stretch(void)
{
	uint8_t initial[CRYPTO_SHA256_SIZE] = {1};
	uint8_t salt[STRETCH_SALT_SIZE] = {2};
	uint8_t key[CRYPTO_SHA256_SIZE];
	double start;

	printf("stretch.limit ms %.3f\n", stretch_limit() * 1e3);
	start = now(CLOCK_MONOTONIC);
	must(stretch_key(initial, salt, key) == 0, "stretch");
	printf("stretch.ours ms %.3f\n", (now(CLOCK_MONOTONIC) - start) * 1e3);
}

int main(int argc, char **argv)
{
	const char *only = "";
	double seconds = 0.05;
	size_t passes = 5;

	if (argc == 2 && strcmp(argv[1], "stretch") == 0) {
		stretch();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "way") == 0) {
		say_way();
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "only=", 5) == 0)
			only = argv[i] + 5;
		else if (strncmp(argv[i], "seconds=", 8) == 0)
			seconds = strtod(argv[i] + 8, NULL);
		else if (strncmp(argv[i], "passes=", 7) == 0)
			passes = strtoul(argv[i] + 7, NULL, 10);
		else
			must(false, "usage: [only=NAME] [seconds=S] [passes=N] | stretch | way");
	}
	must(passes >= 1 && passes <= PASSES_MAX, "passes: 1 to 99");
	measure(only, seconds, passes);
	return 0;
}
