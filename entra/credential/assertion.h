/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Client assertion (RFC 7523): a JWT (RFC 7519) by which a service principal proves that it holds
 * the private key of a certificate that Entra ID knows. Microsoft's "Application authentication
 * certificate credentials" says what must be in it:
 *
 *   header  {"alg":"PS256","typ":"JWT","x5t#S256":base64url(SHA-256(DER))[,"x5c":[base64(DER)...]]}
 *   claims  {"aud":token endpoint,"iss":client,"sub":client,"jti":GUID,"nbf":now,"iat":now,
 *            "exp":now + 600}
 *   text    base64url(header) "." base64url(claims) "." base64url(PS256 of all before)
 */
#ifndef ADEFUSE_ENTRA_CREDENTIAL_ASSERTION_H
#define ADEFUSE_ENTRA_CREDENTIAL_ASSERTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text/guid.h"
#include "crypto/certificate.h"

enum {
	ASSERTION_LIFETIME = 600 /* seconds */
};

struct assertion {
	const char *audience; /* the token endpoint's URL */
	const char *client;   /* letters, digits, dashes and dots */
	struct guid id;	      /* never used twice */
	int64_t now;	      /* seconds since 1970 */
	bool with_chain;      /* x5c: for applications that know the issuer, not the certificate */
};

/* Pure but for the salt of the signature. NULL when out of memory or when signing fails. */
struct secret *assertion_make(const struct assertion *assertion,
			      const struct certificate *certificate);

#endif
