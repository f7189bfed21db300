/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libcurl at run time; see curl.h. */
#include "net/curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"

/* Its ABI has had this number since 7.16.0. */
static const char library[] = "libcurl.so.4";

/* All written once, by load(). */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct curl loaded;
static char failure[256]; /* empty: it is loaded */

static bool find(void *handle, const char *name, void *ret_function, size_t size)
{
	void *symbol = dlsym(handle, name);

	if (!symbol) {
		(void)snprintf(failure, sizeof(failure), "it has no %s", name);
		return false;
	}
	/* a function's address, which C does not let a void * be assigned to */
	memcpy(ret_function, &symbol, size);
	return true;
}

static bool find_all(void *handle)
{
#define CURL_FIND(name)                                                      \
	if (!find(handle, "curl_" #name, &loaded.name, sizeof(loaded.name))) \
		return false;
	CURL_FUNCTIONS(CURL_FIND)
#undef CURL_FIND
	return true;
}

static void load(void)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	const char *why = handle ? NULL : dlerror();
	CURLcode code;

	if (!handle) {
		(void)snprintf(failure, sizeof(failure), "%s", why ? why : "no reason is told");
		return;
	}
	if (!find_all(handle))
		return;
	code = loaded.global_init_mem(CURL_GLOBAL_DEFAULT, secret_heap_malloc, secret_heap_free,
				      secret_heap_realloc, secret_heap_strdup, secret_heap_calloc);
	if (code != CURLE_OK)
		(void)snprintf(failure, sizeof(failure), "it does not start: %s",
			       loaded.easy_strerror(code));
}

const struct curl *curl_load(struct err *err)
{
	pthread_once(&once, load);
	if (failure[0] == '\0')
		return &loaded;
	err_set(err, ERR_OTHER, ELIBACC, "libcurl cannot be loaded: %s", failure);
	err_hint(err, "a vault needs it: install it (Debian: libcurl4), or give the key as a file");
	return NULL;
}
