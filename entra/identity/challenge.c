/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parser of challenges; see challenge.h. */
#include "entra/identity/challenge.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "entra/identity/tenant.h"
#include "net/url.h"

enum {
	HEADER_MAX = 8192,
	VALUE_MAX = 1024,
};

struct lexer {
	const char *p;
	const char *end;
};

/* What is looked for among the parameters of the first Bearer challenge. */
struct found {
	char authorization[VALUE_MAX];
	char resource[VALUE_MAX];
	char scope[VALUE_MAX];
};

static bool is_token(char c)
{
	return c && (isalnum((unsigned char)c) || strchr("!#$%&'*+-.^_`|~", c));
}

static void skip(struct lexer *lexer, const char *set)
{
	while (lexer->p < lexer->end && strchr(set, *lexer->p))
		lexer->p++;
}

/* Length of the token at the position, which moves past it. */
static size_t take_token(struct lexer *lexer, const char **ret_token)
{
	*ret_token = lexer->p;
	while (lexer->p < lexer->end && is_token(*lexer->p))
		lexer->p++;
	return (size_t)(lexer->p - *ret_token);
}

/* A token or quoted string into `out` of VALUE_MAX bytes. */
static bool take_value(struct lexer *lexer, char *out)
{
	size_t used = 0;
	bool quoted = lexer->p < lexer->end && *lexer->p == '"';

	if (quoted)
		lexer->p++;
	while (lexer->p < lexer->end) {
		char c = *lexer->p;

		if (quoted && c == '"') {
			lexer->p++;
			out[used] = '\0';
			return true;
		}
		/* Some services leave URLs unquoted, so everything up to a separator is taken. */
		if (!quoted && (c == ',' || c == ' ' || c == '\t'))
			break;
		if (quoted && c == '\\' && ++lexer->p < lexer->end)
			c = *lexer->p;
		if (lexer->p == lexer->end || (unsigned char)c < 0x20 || c == 0x7f ||
		    used + 1 == VALUE_MAX)
			return false;
		out[used++] = c;
		lexer->p++;
	}
	out[used] = '\0';
	return !quoted && used > 0;
}

static bool same(const char *token, size_t length, const char *name)
{
	return length == strlen(name) && strncasecmp(token, name, length) == 0;
}

/* Keep a parameter that matters; false when it is given twice. */
static bool keep(struct found *found, const char *name, size_t length, const char *value)
{
	char *slot = NULL;

	if (same(name, length, "authorization") || same(name, length, "authorization_uri"))
		slot = found->authorization;
	else if (same(name, length, "resource"))
		slot = found->resource;
	else if (same(name, length, "scope"))
		slot = found->scope;
	if (!slot)
		return true;
	if (*slot)
		return false;
	memcpy(slot, value, strlen(value) + 1);
	return true;
}

/* Walk the list of challenges; 0, -ENOENT without a Bearer one, -EINVAL when it is malformed. */
static int walk(const char *header, struct found *found)
{
	struct lexer lexer = {header, header + strnlen(header, HEADER_MAX + 1)};
	bool bearer = false;
	char value[VALUE_MAX];

	if (lexer.end - lexer.p > HEADER_MAX)
		return -EINVAL;
	for (;;) {
		const char *token;
		size_t length;

		skip(&lexer, " \t,");
		if (lexer.p == lexer.end)
			return bearer ? 0 : -ENOENT;
		length = take_token(&lexer, &token);
		if (length == 0)
			return -EINVAL;
		skip(&lexer, " \t");
		if (lexer.p == lexer.end || *lexer.p != '=') { /* a scheme begins */
			if (bearer)
				return 0;
			bearer = same(token, length, "Bearer");
			continue;
		}
		lexer.p++;
		skip(&lexer, " \t");
		if (lexer.p < lexer.end && !take_value(&lexer, value))
			return -EINVAL;
		if (bearer && !keep(found, token, length, value))
			return -EINVAL;
	}
}

/* First segment of the path of the authority's URL. */
static char *tenant_of(const char *authorization)
{
	struct url *url CLEANUP(url_free) = NULL;

	if (url_parse(authorization, &url, NULL) != 0)
		return NULL;
	url->path[1 + strcspn(url->path + 1, "/")] = '\0';
	return tenant_is_valid(url->path + 1) ? strdup(url->path + 1) : NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The resource, or the scope without its "/.default"; without a trailing slash; an https URL. */
static char *resource_of(struct found *found)
{
	struct url *url CLEANUP(url_free) = NULL;
	char *resource = found->resource;

	if (!*resource) {
		resource = found->scope;
		if (!ends_with(resource, "/.default"))
			return NULL;
		resource[strlen(resource) - strlen("/.default")] = '\0';
	}
	if (url_parse(resource, &url, NULL) != 0 || url->query)
		return NULL;
	if (ends_with(resource, "/"))
		resource[strlen(resource) - 1] = '\0';
	return strdup(resource);
}

static int fill(struct challenge *challenge, struct found *found, struct err *err)
{
	challenge->tenant = tenant_of(found->authorization);
	if (!challenge->tenant)
		return err_set(err, ERR_NETWORK, EPROTO, "the challenge names no usable tenant");
	challenge->resource = resource_of(found);
	if (!challenge->resource)
		return err_set(err, ERR_NETWORK, EPROTO, "the challenge names no usable resource");
	return 0;
}

int challenge_parse(const char *header, struct challenge **ret_challenge, struct err *err)
{
	struct challenge *challenge CLEANUP(challenge_free) = NULL;
	struct found found = {0};
	int result = walk(header, &found);

	if (result == -ENOENT)
		return err_set(err, ERR_NETWORK, EPROTO,
			       "the challenge asks for something else than a Bearer token");
	if (result != 0)
		return err_set(err, ERR_NETWORK, EPROTO, "the challenge is malformed");
	challenge = calloc(1, sizeof(*challenge));
	if (!challenge)
		return err_nomem(err);
	result = fill(challenge, &found, err);
	if (result == 0)
		*ret_challenge = TAKE(challenge);
	return result;
}

void challenge_free(struct challenge *challenge)
{
	if (!challenge)
		return;
	free(challenge->tenant);
	free(challenge->resource);
	free(challenge);
}
