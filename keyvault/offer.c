/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates as the caller of a search is told of them; see offer.h. */
#include "keyvault/offer.h"

#include <errno.h>
#include <time.h>

#include "base/log.h"
#include "keyvault/versions.h"

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

int offer_bek(const struct bek_fetched *fetched, const struct keyvault_request *request,
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
		log_warning("secret '%s' has expired; it serves all the same", origin.name);
	return result;
}

/* What would be done with a secret. A KEK that cannot be told is left open: the fetch would say. */
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
		if (bek_choose_kek(item, request->kek, &kek, NULL) == 0)
			kek_url = object_id_format(kek, "keys");
	}
	if (!secret_url)
		return err_nomem(err);
	origin_of(item, secret_url, kek_url, algorithm, &origin);
	return request->preview(request->context, id, &origin, err);
}

int offer_disabled(const struct vault_secret *item, struct err *err)
{
	struct refusal refusal = {.status = 403, .code = "Forbidden", .inner = "SecretDisabled"};
	char text[OBJECT_TEXT_SIZE];
	struct refusal_context context = {
		.operation = VAULT_GET_SECRET,
		.vault = item->id->vault,
		.object = object_id_text(item->id, text),
		.retry_after = -1,
	};

	return refusal_error(&refusal, &context, err);
}

static int not_there(const struct object_id *id, struct err *err)
{
	struct refusal refusal = {.status = 404, .code = "SecretNotFound"};
	char text[OBJECT_TEXT_SIZE];
	struct refusal_context context = {
		.operation = VAULT_GET_SECRET,
		.vault = id->vault,
		.object = object_id_text(id, text),
		.retry_after = -1,
	};

	return refusal_error(&refusal, &context, err);
}

/* -ENOENT when there is none, -EKEYREVOKED when it or all its versions are disabled. */
int offer_versions(const struct object_id *id, const struct ade_candidates *versions,
		   const struct guid *wanted, const struct keyvault_request *request,
		   struct err *err)
{
	const struct vault_secret *item = versions_pick(versions, id->version);

	if (item && item->enabled)
		return offer_preview(item, wanted, request, err);
	if (versions->count == 0 || (!item && id->version[0]))
		return not_there(id, err);
	return offer_disabled(versions->list[0].item, err);
}
