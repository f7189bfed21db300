/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libcurl's functions as forwarders to the library that is loaded at run time; see libcurl.h.
 *
 * They are hidden: the dynamic linker never sees them, so that the library's calls of its own
 * functions stay within it. Parentheses around a name keep the header's type-checking macros away
 * from it.
 */
#include "net/libcurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Its ABI has had this number since 7.16.0. */
#define SONAME "libcurl.so.4"

/*
 * ELF dlopen metadata (https://uapi-group.org/specifications/specs/elf_dlopen_metadata/): owner
 * "FDO", type 0x407c0c0a, a JSON array in a zero-terminated text, 4-byte aligned.
 */
#define NOTE_OWNER "FDO"
#define NOTE_JSON                                                         \
	"[{\"soname\":[\"" SONAME                                         \
	"\"],\"feature\":\"keyvault\",\"description\":\"Get keys out of " \
	"Azure Key Vault\",\"priority\":\"recommended\"}]"

static const struct {
	uint32_t owner_size;
	uint32_t json_size;
	uint32_t type;
	char owner[sizeof(NOTE_OWNER)];
	char json[(sizeof(NOTE_JSON) + 3) / 4 * 4];
} note __attribute__((used, section(".note.dlopen"), aligned(4))) = {
	.owner_size = sizeof(NOTE_OWNER),
	.json_size = sizeof(NOTE_JSON),
	.type = 0x407c0c0a,
	.owner = NOTE_OWNER,
	.json = NOTE_JSON,
};

/* Each X(name) is a function that is forwarded. */
#define FUNCTIONS(X)            \
	X(curl_easy_cleanup)    \
	X(curl_easy_getinfo)    \
	X(curl_easy_init)       \
	X(curl_easy_perform)    \
	X(curl_easy_reset)      \
	X(curl_easy_setopt)     \
	X(curl_easy_strerror)   \
	X(curl_free)            \
	X(curl_getdate)         \
	X(curl_global_init_mem) \
	X(curl_url)             \
	X(curl_url_cleanup)     \
	X(curl_url_get)         \
	X(curl_url_set)         \
	X(curl_url_strerror)

#define HIDE(name) extern __typeof__(name)(name) __attribute__((visibility("hidden")));
FUNCTIONS(HIDE)

/* All written once, by load(). */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[256]; /* empty: it is loaded */
static struct {
#define MEMBER(name) __typeof__(name) *(name);
	FUNCTIONS(MEMBER)
} library;

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
#define FIND(name)                                                     \
	if (!find(handle, #name, &library.name, sizeof(library.name))) \
		return false;
	FUNCTIONS(FIND)
	return true;
}

static void load(void)
{
	void *handle = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	const char *why = handle ? NULL : dlerror();
	CURLcode code;

	if (!handle) {
		(void)snprintf(failure, sizeof(failure), "%s", why ? why : "no reason is given");
		return;
	}
	if (!find_all(handle))
		return;
	code = library.curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, secret_heap_free,
					    secret_heap_realloc, strdup, calloc);
	if (code != CURLE_OK)
		(void)snprintf(failure, sizeof(failure), "it does not start: %s",
			       library.curl_easy_strerror(code));
}

static bool loaded(void)
{
	pthread_once(&once, load);
	return failure[0] == '\0';
}

int libcurl_load(struct err *err)
{
	if (loaded())
		return 0;
	err_set(err, ERR_OTHER, ELIBACC, "libcurl cannot be loaded: %s", failure);
	err_hint(err, "a vault needs it: install it (Debian: libcurl4), or give the key as a file");
	return -ELIBACC;
}

CURL *curl_easy_init(void)
{
	return loaded() ? library.curl_easy_init() : NULL;
}

void curl_easy_cleanup(CURL *handle)
{
	if (loaded())
		library.curl_easy_cleanup(handle);
}

void curl_easy_reset(CURL *handle)
{
	if (loaded())
		library.curl_easy_reset(handle);
}

CURLcode curl_easy_perform(CURL *handle)
{
	return loaded() ? library.curl_easy_perform(handle) : CURLE_FAILED_INIT;
}

/*
 * The option's number says what the third argument is (curl.h: CURLOPTTYPE_LONG and so on). It is
 * read and passed on as that type: where a long has 32 bits a curl_off_t takes the place of two.
 */
CURLcode(curl_easy_setopt)(CURL *handle, CURLoption option, ...)
{
	CURLcode code = CURLE_FAILED_INIT;
	va_list rest;

	if (!loaded())
		return code;
	va_start(rest, option);
	switch (option / 10000 * 10000) {
	case CURLOPTTYPE_LONG: {
		long number = va_arg(rest, long);

		code = (library.curl_easy_setopt)(handle, option, number);
		break;
	}
	case CURLOPTTYPE_FUNCTIONPOINT: {
		void (*function)(void) = va_arg(rest, void (*)(void));

		code = (library.curl_easy_setopt)(handle, option, function);
		break;
	}
	case CURLOPTTYPE_OFF_T: {
		curl_off_t offset = va_arg(rest, curl_off_t);

		code = (library.curl_easy_setopt)(handle, option, offset);
		break;
	}
	case CURLOPTTYPE_OBJECTPOINT:
	case CURLOPTTYPE_BLOB: {
		void *pointer = va_arg(rest, void *);

		code = (library.curl_easy_setopt)(handle, option, pointer);
		break;
	}
	default:
		code = CURLE_UNKNOWN_OPTION;
	}
	va_end(rest);
	return code;
}

/* The third argument points to what receives the value, whatever the value is. */
CURLcode(curl_easy_getinfo)(CURL *handle, CURLINFO info, ...)
{
	CURLcode code = CURLE_FAILED_INIT;
	va_list rest;

	va_start(rest, info);
	if (loaded())
		code = (library.curl_easy_getinfo)(handle, info, va_arg(rest, void *));
	va_end(rest);
	return code;
}

const char *curl_easy_strerror(CURLcode code)
{
	return loaded() ? library.curl_easy_strerror(code) : "libcurl is not loaded";
}

void curl_free(void *pointer)
{
	if (loaded())
		library.curl_free(pointer);
}

time_t curl_getdate(const char *text, const time_t *unused)
{
	return loaded() ? library.curl_getdate(text, unused) : (time_t)-1;
}

CURLU *curl_url(void)
{
	return loaded() ? library.curl_url() : NULL;
}

void curl_url_cleanup(CURLU *url)
{
	if (loaded())
		library.curl_url_cleanup(url);
}

/* Newer headers have the first argument const. */
typedef __typeof__(_Generic(&curl_url_get, CURLUcode (*)(CURLU *, CURLUPart, char **, unsigned int)
			    : (CURLU *)NULL, default
			    : (const CURLU *)NULL)) url_argument;

CURLUcode curl_url_get(url_argument url, CURLUPart part, char **ret_text, unsigned int flags)
{
	return loaded() ? library.curl_url_get(url, part, ret_text, flags) : CURLUE_BAD_HANDLE;
}

CURLUcode curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned int flags)
{
	return loaded() ? library.curl_url_set(url, part, text, flags) : CURLUE_BAD_HANDLE;
}

const char *curl_url_strerror(CURLUcode code)
{
	return loaded() ? library.curl_url_strerror(code) : "libcurl is not loaded";
}
