/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libcurl, loaded when the first of its functions is called.
 *
 * Include this file and call libcurl's functions as its manual says: <curl/curl.h> declares them
 * and checks the types of each call. They are defined in libcurl.c, and pass each call on to the
 * library. A program that calls one which is not defined there does not link.
 *
 * Why it is not linked: libcurl brings some 25 libraries (TLS twice, Kerberos, LDAP, SSH). To load
 * and relocate them takes longer than to open and mount a disk whose key is a file, and it would
 * put their code into every process that holds keys. The program announces what it loads in an ELF
 * note, which packagers' tools read (readelf --notes shows it).
 *
 * Threads: any. The library is loaded and initialised once, by the first caller, and stays.
 */
#ifndef ADEFUSE_NET_LIBCURL_H
#define ADEFUSE_NET_LIBCURL_H

#include <curl/curl.h>

#include "base/err.h"

/* The type checks are macros of a system header: GCC keeps its warnings about those to itself. */
#ifndef __clang__
#pragma GCC diagnostic warning "-Wsystem-headers"
#endif

/*
 * Load libcurl, and have it take its memory from what is wiped when it is freed. 0, or -ELIBACC
 * with ERR_OTHER when it is missing, too old or does not start; libcurl's functions then fail as if
 * memory were short. A caller that can report an error loads the library before its first call.
 */
int libcurl_load(struct err *err);

#endif
