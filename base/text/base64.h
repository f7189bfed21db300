/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64 (RFC 4648) into and out of secrets: what Key Vault carries is key material. */
#ifndef ADEFUSE_BASE_TEXT_BASE64_H
#define ADEFUSE_BASE_TEXT_BASE64_H

#include <stddef.h>

#include "base/secret.h"

/*
 * Decode either alphabet (mixed is refused), padding optional, white space at both ends ignored.
 * -EINVAL when it is not base64 (also when bits after the last byte are not zero), -ENOMEM.
 */
int base64_decode(const char *text, size_t length, struct secret **ret_bytes);

/* base64url without padding, what Key Vault's key operations and JWT take. NULL: out of memory. */
struct secret *base64_encode_url(const void *data, size_t size);

/* Standard alphabet with padding. NULL: out of memory. */
struct secret *base64_encode(const void *data, size_t size);

#endif
