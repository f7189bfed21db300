/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stretch against its definition: 1,048,576 rounds, each one call of OpenSSL.
 */
#include <string.h>

#include <openssl/evp.h>

#include "crypto/stretch.h"
#include "tests/tap.h"

enum {
	ROUNDS = 1048576,
};

struct input {
	uint8_t last[32];
	uint8_t initial[32];
	uint8_t salt[16];
	uint8_t count[8];
};

static uint32_t seed = 1;

static void fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
	}
}

static void round_by_definition(struct input *input, uint32_t round)
{
	uint8_t bytes[88];
	unsigned int size = 0;

	for (unsigned int i = 0; i < 8; i++)
		input->count[i] = i < 4 ? (uint8_t)(round >> (8 * i)) : 0;
	memcpy(bytes, input->last, 32);
	memcpy(bytes + 32, input->initial, 32);
	memcpy(bytes + 64, input->salt, 16);
	memcpy(bytes + 80, input->count, 8);
	must(EVP_Digest(bytes, sizeof(bytes), input->last, &size, EVP_sha256(), NULL) == 1);
}

static void check_whole(void)
{
	struct input input = {0};
	uint8_t key[32];

	fill(input.initial, sizeof(input.initial));
	fill(input.salt, sizeof(input.salt));
	ok(stretch_key(input.initial, input.salt, key) == 0, "stretched");
	for (uint32_t round = 0; round < ROUNDS; round++)
		round_by_definition(&input, round);
	ok(memcmp(key, input.last, sizeof(key)) == 0, "%d rounds are those of OpenSSL", ROUNDS);
}

int main(void)
{
	check_whole();
	return tap_done();
}
