/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A certificate (X.509) with its private key, and signatures made with it. OpenSSL does the work.
 * Threads: a certificate may be read by any thread.
 */
#ifndef ADEFUSE_CRYPTO_CERTIFICATE_H
#define ADEFUSE_CRYPTO_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/secret.h"

enum {
	CERTIFICATE_CHAIN_MAX = 16,
	CERTIFICATE_SHA256_SIZE = 32,
	CERTIFICATE_RSA_BITS_MIN = 2048,
};

struct certificate;

/*
 * A PEM text with a private key (RSA) and the certificates, in any order; the one that belongs to
 * the key is the leaf, the others are its chain. `password` may be NULL. -ENOENT no private key,
 * -EACCES it is encrypted and no password is given, -EKEYREJECTED the password is wrong, -ENOTSUP
 * the key is not RSA of 2048 bits or more, -ENODEV no certificate in it belongs to the key,
 * -E2BIG too many certificates, -EBADMSG it is not PEM, -ENOMEM.
 */
int certificate_parse(const struct secret *pem, const char *password,
		      struct certificate **ret_certificate);
void certificate_free(struct certificate *certificate);
DEFINE_CLEANUP(struct certificate, certificate_free)

/* SHA-256 of the leaf's DER form. 0 or -EIO. */
int certificate_thumbprint(const struct certificate *certificate,
			   uint8_t ret_digest[CERTIFICATE_SHA256_SIZE]);

/* Certificates in the file, the leaf among them. */
size_t certificate_count(const struct certificate *certificate);

/* DER form; 0 is the leaf, the others follow in the file's order. NULL when out of memory. */
struct secret *certificate_der(const struct certificate *certificate, size_t index);

/* PS256 (RFC 7518, 3.5): RSASSA-PSS with SHA-256, MGF1 of it, and a salt of 32 bytes. NULL when it
 * fails. */
struct secret *certificate_sign(const struct certificate *certificate, const void *data,
				size_t size);

#endif
