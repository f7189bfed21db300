/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Before a loop of a known and small length: unroll it, so that the arrays in it can be in
 * registers.
 */
#ifndef ADEFUSE_CRYPTO_UNROLL_H
#define ADEFUSE_CRYPTO_UNROLL_H

/* clang does so by itself */
#if defined(__clang__)
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#endif
