/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to a request; see http_response.h. */
#include "net/http_response.h"

void http_response_clear(struct http_response *response)
{
	secret_free(response->body);
	free(response->www_authenticate);
	*response = (struct http_response){0};
}
