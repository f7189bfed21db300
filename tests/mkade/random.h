/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random bytes and the time: the system's, or the same in every run that has the same seed. */
#ifndef MKADE_RANDOM_H
#define MKADE_RANDOM_H

#include "tests/mkade/util.h"

/* The random source: from the kernel, or from a seed and then the same bytes on every run. */
void random_seed(uint64_t seed);
bool random_is_seeded(void);
void random_bytes(void *buf, size_t n);
void random_guid(struct guid *ret_guid);

/* Time as 100 ns since 1601; fixed when seeded. */
uint64_t filetime_now(void);

#endif
