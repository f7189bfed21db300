/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JWT of a service principal with a certificate; see assertion.h. */
#include "entra/credential/assertion.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text/base64.h"

static bool append_text(struct secret **text, const char *more)
{
	return secret_append(text, more, strlen(more)) == 0;
}

/* Takes and frees `more`; false when it is NULL. */
static bool append_taken(struct secret **text, struct secret *more)
{
	bool done = more && secret_append(text, secret_bytes(more), secret_size(more)) == 0;

	secret_free(more);
	return done;
}

static bool append_chain(struct secret **text, const struct certificate *certificate)
{
	if (!append_text(text, ",\"x5c\":["))
		return false;
	for (size_t i = 0; i < certificate_count(certificate); i++) {
		struct secret *der CLEANUP(secret_free) = certificate_der(certificate, i);

		if (!der || !append_text(text, i > 0 ? ",\"" : "\"") ||
		    !append_taken(text, base64_encode(secret_bytes(der), secret_size(der))) ||
		    !append_text(text, "\""))
			return false;
	}
	return append_text(text, "]");
}

static struct secret *make_header(const struct assertion *assertion,
				  const struct certificate *certificate)
{
	struct secret *text CLEANUP(secret_free) = NULL;
	uint8_t digest[CERTIFICATE_SHA256_SIZE];

	if (certificate_thumbprint(certificate, digest) != 0 ||
	    !append_text(&text, "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"") ||
	    !append_taken(&text, base64_encode_url(digest, sizeof(digest))) ||
	    !append_text(&text, "\""))
		return NULL;
	if (assertion->with_chain && !append_chain(&text, certificate))
		return NULL;
	return append_text(&text, "}") ? TAKE(text) : NULL;
}

static struct secret *make_claims(const struct assertion *assertion)
{
	char text[2048];
	struct guid_text id = guid_format(&assertion->id);
	int length;

	for (char *p = id.text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	length = snprintf(text, sizeof(text),
			  "{\"aud\":\"%s\",\"iss\":\"%s\",\"sub\":\"%s\",\"jti\":\"%s\","
			  "\"nbf\":%" PRId64 ",\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}",
			  assertion->audience, assertion->client, assertion->client, id.text,
			  assertion->now, assertion->now, assertion->now + ASSERTION_LIFETIME);
	if (length < 0 || (size_t)length >= sizeof(text))
		return NULL;
	return secret_copy(text, (size_t)length);
}

struct secret *assertion_make(const struct assertion *assertion,
			      const struct certificate *certificate)
{
	struct secret *header CLEANUP(secret_free) = make_header(assertion, certificate);
	struct secret *claims CLEANUP(secret_free) = make_claims(assertion);
	struct secret *signature CLEANUP(secret_free) = NULL;
	struct secret *text CLEANUP(secret_free) = NULL;

	if (!header || !claims ||
	    !append_taken(&text, base64_encode_url(secret_bytes(header), secret_size(header))) ||
	    !append_text(&text, ".") ||
	    !append_taken(&text, base64_encode_url(secret_bytes(claims), secret_size(claims))))
		return NULL;
	signature = certificate_sign(certificate, secret_bytes(text), secret_size(text));
	if (!signature || !append_text(&text, ".") ||
	    !append_taken(&text,
			  base64_encode_url(secret_bytes(signature), secret_size(signature))))
		return NULL;
	return TAKE(text);
}
