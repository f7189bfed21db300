/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a BEK came from; see origin.h. */
#include "open/origin.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "keyvault/request.h"

/* Tags are foreign text, and go to terminals and JSON. */
static char *copy_or_null(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (copy)
		err_sanitise(copy);
	return copy;
}

void open_origin_copy(const struct keyvault_origin *origin, struct open_origin *ret_origin)
{
	*ret_origin = (struct open_origin){
		.secret_url = copy_or_null(origin->secret_url),
		.name = copy_or_null(origin->name),
		.version = copy_or_null(origin->version),
		.created = origin->created,
		.content_type = copy_or_null(origin->content_type),
		.machine_name = copy_or_null(origin->machine_name),
		.volume_letter = copy_or_null(origin->volume_letter),
		.kek_url = copy_or_null(origin->kek_url),
		.algorithm = copy_or_null(origin->algorithm),
	};
}

void open_origin_clear(struct open_origin *origin)
{
	free(origin->secret_url);
	free(origin->name);
	free(origin->version);
	free(origin->content_type);
	free(origin->machine_name);
	free(origin->volume_letter);
	free(origin->kek_url);
	free(origin->algorithm);
	*origin = (struct open_origin){0};
}
