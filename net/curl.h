/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libcurl's functions, loaded when the first of them is needed.
 *
 * Why not linked: libcurl brings some 25 libraries (TLS twice, Kerberos, LDAP, SSH), and to load
 * and relocate them takes longer than to open and mount a disk whose key lies beside it. So only
 * who speaks to a vault pays for it, and nobody else has their code in a process with keys.
 *
 * Threads: any. What is loaded stays.
 */
#ifndef ADEFUSE_NET_CURL_H
#define ADEFUSE_NET_CURL_H

#include <curl/curl.h>

#include "base/err.h"

/* Each X(name) is libcurl's curl_name, with its own contract. */
#define CURL_FUNCTIONS(X)  \
	X(easy_init)       \
	X(easy_cleanup)    \
	X(easy_reset)      \
	X(easy_perform)    \
	X(easy_getinfo)    \
	X(easy_setopt)     \
	X(easy_strerror)   \
	X(free)            \
	X(getdate)         \
	X(global_init_mem) \
	X(url)             \
	X(url_cleanup)     \
	X(url_get)         \
	X(url_set)         \
	X(url_strerror)

/* libcurl's header checks the types of two of them by macros, which would hide their names. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

struct curl {
#define CURL_MEMBER(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/*
 * The loaded library, told to take the memory it needs from what is wiped when it is freed; never
 * freed itself. NULL with err (ERR_OTHER; -ELIBACC) when it is not there, too old, or does not
 * start.
 */
const struct curl *curl_load(struct err *err);

#endif
