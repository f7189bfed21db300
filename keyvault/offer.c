/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handing candidates to the caller of a search; see offer.h. */
#include "keyvault/offer.h"

#include <time.h>

#include "base/log.h"

static void origin_of(const struct vault_secret *item, char *secret_url, char *kek_url,
		      const char *algorithm, struct keyvault_origin *origin)
{
	origin->secret_url = secret_url;
	origin->name = item->id->name;
	origin->version = item->id->version;
	origin->content_type = item->content_type;
	origin->file_name = item->file_name;
	origin->machine_name = item->machine_name;
	origin->volume_letter = item->volume_letter;
	origin->created = item->created;
	origin->expires = item->expires;
	origin->kek_url = kek_url;
	origin->algorithm = algorithm;
}

int offer_bek(const struct bek_fetch_result *fetched, const struct keyvault_request *request,
	      struct err *err)
{
	char *secret_url CLEANUP(free) = object_id_format(fetched->item->id, "secrets");
	char *kek_url CLEANUP(free) = NULL;
	struct keyvault_origin origin;
	int result;

	if (fetched->kek)
		kek_url = object_id_format(fetched->kek, "keys");
	if (!secret_url || (fetched->kek && !kek_url))
		return err_nomem(err);
	origin_of(fetched->item, secret_url, kek_url, fetched->algorithm, &origin);
	result = request->accept(request->context, fetched->bytes, &origin, err);
	if (result == 0 && ade_has_expired(fetched->item, time(NULL)))
		log_warning("secret '%s' has expired; it is used all the same", origin.name);
	return result;
}

/*
 * What would be done with a secret. A KEK that cannot be determined is omitted: the fetch would
 * report it.
 */
int offer_preview(const struct vault_secret *item, const struct guid *id,
		  const struct keyvault_request *request, struct err *err)
{
	struct object_id *kek CLEANUP(object_id_free) = NULL;
	char *secret_url CLEANUP(free) = object_id_format(item->id, "secrets");
	char *kek_url CLEANUP(free) = NULL;
	const char *algorithm = NULL;
	struct keyvault_origin origin;

	if (ade_is_wrapped(item, request->kek != NULL)) {
		algorithm = item->algorithm ? item->algorithm : BEK_ALGORITHM_DEFAULT;
		if (bek_fetch_choose_kek(item, request->kek, &kek, NULL) == 0)
			kek_url = object_id_format(kek, "keys");
	}
	if (!secret_url)
		return err_nomem(err);
	origin_of(item, secret_url, kek_url, algorithm, &origin);
	return request->preview(request->context, id, &origin, err);
}
