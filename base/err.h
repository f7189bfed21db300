/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors as a user sees them: what is wrong, and what to do next.
 *
 * Every function that can fail returns 0 or a negative errno. Those on the open, unlock and
 * network paths also take a `struct err *` and fill it once, where the failure is found; callers
 * may put their context in front with err_prefix(). A NULL err is allowed everywhere.
 *
 * Texts come partly from hostile input (labels, HTTP answers). Whatever is formatted into a
 * struct err is made safe for a terminal: control characters and bytes that are not UTF-8 become
 * '?'. Never format a secret into one.
 *
 * Threads: a struct err belongs to one caller; nothing here is shared.
 */
#ifndef ADEFUSE_BASE_ERR_H
#define ADEFUSE_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* One exit code each; the manual page lists them. The values are the exit codes. */
enum err_kind {
	ERR_NONE = 0,
	ERR_OTHER = 1,	   /* out of memory, a failing system call that fits nowhere else */
	ERR_USAGE = 2,	   /* options and arguments, and files named by them that cannot be used */
	ERR_DISK = 3,	   /* disk unreadable, damaged beyond use, or format not supported */
	ERR_KEY = 4,	   /* no key fits */
	ERR_SIGNIN = 5,	   /* no token: sign-in refused */
	ERR_VAULT = 6,	   /* the vault refused: permission, firewall, disabled */
	ERR_NOT_FOUND = 7, /* secret, key or vault does not exist */
	ERR_NETWORK = 8,   /* unreachable, TLS not trusted, answer not understood */
	ERR_MOUNT = 9,	   /* FUSE or the mountpoint */
	ERR_DIFFER = 10,   /* verification found a difference */
};

enum {
	ERR_TEXT_MAX = 1024
};

struct err {
	enum err_kind kind;
	char message[ERR_TEXT_MAX]; /* lower case, no full stop: "cannot open 'x': ..." */
	char hint[ERR_TEXT_MAX];    /* what to do next; empty when there is nothing to say */
	bool lists_keys; /* ERR_KEY: the hint lists the keys that would fit; set after err_hint() */
};

/*
 * Set kind and message, clear the hint. `errnum` is a positive errno value.
 * Returns -errnum, so that `return err_set(...)` reads well.
 */
int err_set(struct err *err, enum err_kind kind, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same, with ": " and what errno(3) says of `errnum` after the message. */
int err_errno(struct err *err, enum err_kind kind, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Set the hint of an error that is already set. */
void err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "prefix: " in front of the message. */
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory; returns -ENOMEM. */
int err_nomem(struct err *err);

/* Make a text safe to print: see above. In place; never grows. */
void err_sanitise(char *text);

/* Format into `text`, which has ERR_TEXT_MAX bytes: cut where it is longer, and safe to print. */
void err_format(char *text, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
