/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random bytes and the time, from the system or from a seed: see random.h. */
#include "tests/mkade/random.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "tests/mkade/bde/cipher.h"

/* 2024-02-03 04:05:06 UTC, the time of every image made with a seed. */
#define SEEDED_FILETIME	    UINT64_C(133514067060000000)
#define UNIX_EPOCH_FILETIME UINT64_C(116444736000000000)

static struct {
	bool seeded;
	uint64_t seed, counter;
	uint8_t pool[SHA256_LEN];
	size_t left;
} rng;

void random_seed(uint64_t seed)
{
	rng.seeded = true;
	rng.seed = seed;
}

bool random_is_seeded(void)
{
	return rng.seeded;
}

static void seeded_refill(void)
{
	uint8_t in[16];

	put64(in, rng.seed);
	put64(in + 8, rng.counter++);
	sha256(in, sizeof(in), rng.pool);
	rng.left = sizeof(rng.pool);
}

void random_bytes(void *buf, size_t n)
{
	uint8_t *p = buf;

	while (n && rng.seeded) {
		if (!rng.left)
			seeded_refill();
		*p++ = rng.pool[sizeof(rng.pool) - rng.left--];
		n--;
	}
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno != EINTR)
			die("no random bytes: %s", strerror(errno));
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

void random_guid(struct guid *ret_guid)
{
	random_bytes(ret_guid->b, sizeof(ret_guid->b));
	ret_guid->b[7] = (uint8_t)((ret_guid->b[7] & 0x0f) | 0x40); /* version 4: random */
	ret_guid->b[8] = (uint8_t)((ret_guid->b[8] & 0x3f) | 0x80);
}

uint64_t filetime_now(void)
{
	struct timespec ts;

	if (rng.seeded)
		return SEEDED_FILETIME;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		die("no clock: %s", strerror(errno));
	return UNIX_EPOCH_FILETIME + (uint64_t)ts.tv_sec * 10000000 + (uint64_t)ts.tv_nsec / 100;
}
