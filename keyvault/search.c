/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The search for BEKs, cheapest first; see search.h:
 *
 *   1. each identifier as a secret's name: one request, and Get is the only right it needs
 *   2. other versions of a secret found so, when the current one is disabled or does not fit
 *   3. a listing of the vault (25 secrets a page, each page named by the one before: 10,000 secrets
 *      are 400 requests in a row), for secrets with the file name tag, or of the machine
 *   4. other versions of those
 *
 * A candidate that fails is no end as long as another serves: its error is kept back and becomes a
 * warning when something else is accepted. A preview walks the same way, but asks for versions in
 * place of values.
 */
#include "keyvault/search.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"
#include "keyvault/ade.h"
#include "keyvault/bekfetch.h"

struct search {
	struct vault_client *client;
	const struct url *vault;
	const struct keyvault_request *request;
	struct ade_candidates candidates;
	bool *accepted; /* for each identifier */
	bool *present;	/* the same: a secret of that name is there, and has been tried */
	size_t found;
	struct err pending; /* of the last candidate that failed; kind 0: none */
	int pending_code;
};

static void origin_of(const struct secret_item *item, char *secret_url, char *kek_url,
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

static int hand_over(const struct bek_fetched *fetched, const struct keyvault_request *request,
		     struct err *err)
{
	char *secret_url CLEANUP(free) = object_id_format(fetched->item->id, "secrets");
	char *kek_url CLEANUP(free) = NULL;
	struct keyvault_origin origin;
	int r;

	if (fetched->kek)
		kek_url = object_id_format(fetched->kek, "keys");
	if (!secret_url || (fetched->kek && !kek_url))
		return err_nomem(err);
	origin_of(fetched->item, secret_url, kek_url, fetched->algorithm, &origin);
	r = request->accept(request->context, fetched->bytes, &origin, err);
	if (r == 0 && ade_has_expired(fetched->item, time(NULL)))
		log_warning("secret '%s' has expired; it serves all the same", origin.name);
	return r;
}

/* What would be done with a secret. A KEK that cannot be told is left open: the fetch would say. */
static int preview(const struct secret_item *item, const struct guid *id,
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

static int on_version(void *context, struct secret_item **item, struct err *err)
{
	struct ade_candidates *versions = context;
	int r;

	if (!(*item)->id->version[0])
		return 0;
	r = ade_add(versions, item, ADE_BY_NAME, 0);
	if (r == -E2BIG)
		return err_set(err, ERR_NETWORK, E2BIG, "a secret has more than %d versions",
			       ADE_CANDIDATES_MAX);
	return r == 0 ? 0 : err_nomem(err);
}

static int list_versions(struct vault_client *client, const struct object_id *id,
			 struct ade_candidates *versions, struct err *err)
{
	int r = secret_list(client, id->vault, id->name, on_version, versions, err);

	if (r == 0)
		ade_sort(versions);
	return r;
}

/* The version that a fetch would get: the one asked for, or the newest that is enabled. */
static const struct secret_item *pick_version(const struct ade_candidates *versions,
					      const char *version)
{
	for (size_t i = 0; i < versions->count; i++) {
		const struct secret_item *item = versions->list[i].item;

		if (version[0] ? strcasecmp(item->id->version, version) == 0 : item->enabled)
			return item;
	}
	return NULL;
}

static int disabled(const struct secret_item *item, struct err *err)
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
static int preview_named(struct vault_client *client, const struct object_id *id,
			 const struct guid *wanted, const struct keyvault_request *request,
			 struct err *err)
{
	struct ade_candidates versions CLEANUP(ade_candidates_clear) = {0};
	const struct secret_item *item;
	int r = list_versions(client, id, &versions, err);

	if (r != 0)
		return r;
	item = pick_version(&versions, id->version);
	if (item && item->enabled)
		return preview(item, wanted, request, err);
	if (versions.count == 0 || (!item && id->version[0]))
		return not_there(id, err);
	return disabled(versions.list[0].item, err);
}

int search_single(struct vault_client *client, const struct object_id *id,
		  const struct keyvault_request *request, struct err *err)
{
	struct bek_fetched fetched CLEANUP(bek_fetched_clear) = {0};
	int r;

	if (request->preview)
		return preview_named(client, id, NULL, request, err);
	r = bek_fetch(client, id, request->kek, &fetched, err);
	return r == 0 ? hand_over(&fetched, request, err) : r;
}

/* Keep an error back; an earlier one is said now. */
static void set_pending(struct search *search, int code, const struct err *err)
{
	if (search->pending_code != 0)
		log_warning("%s", search->pending.message);
	search->pending = *err;
	search->pending_code = code;
}

/* Whether the same would happen with every other candidate. */
static bool ends_search(int code, const struct err *err, bool unwrap_failed)
{
	if (code == -ENOMEM || code == -EINTR)
		return true;
	if (unwrap_failed)
		return false;
	return err->kind == ERR_SIGNIN || err->kind == ERR_NETWORK || err->kind == ERR_USAGE ||
	       err->kind == ERR_OTHER;
}

/*
 * 0: tried, *ret_accepted says how it went, and `tried` (may be NULL) holds the version that was
 * got; else the error that ends the search. *ret_code (may be NULL) is what the fetch came to.
 */
static int try_secret(struct search *search, const struct object_id *id, char *tried,
		      bool *ret_accepted, int *ret_code, struct err *err)
{
	struct bek_fetched fetched CLEANUP(bek_fetched_clear) = {0};
	struct err failure = {0};
	char text[OBJECT_TEXT_SIZE];
	int r;

	log_debug("trying secret '%s'", object_id_text(id, text));
	r = bek_fetch(search->client, id, search->request->kek, &fetched, &failure);
	if (ret_code)
		*ret_code = r != 0 && fetched.item ? -ENOKEY : r;
	if (fetched.item && tried)
		memcpy(tried, fetched.item->id->version, sizeof(fetched.item->id->version));
	if (r != 0 && ends_search(r, &failure, fetched.unwrap_failed)) {
		*err = failure;
		return r;
	}
	if (r == -ENOENT && !fetched.item && ret_code)
		return 0; /* a guess that was wrong */
	if (r == 0) {
		r = hand_over(&fetched, search->request, &failure);
		if (ret_code && r == -ENOKEY)
			*ret_code = r;
		if (r != 0 && r != -ENOKEY) {
			*err = failure;
			return r;
		}
	}
	*ret_accepted = r == 0;
	if (r == 0)
		search->found++;
	else
		set_pending(search, r, &failure);
	return 0;
}

/*
 * Versions other than the one that was got: there are some when somebody wrote the secret anew, or
 * disabled the current one. Nothing is said when they cannot be listed.
 */
static int try_versions(struct search *search, const struct object_id *id, const char *tried,
			bool *ret_accepted, struct err *err)
{
	struct ade_candidates versions CLEANUP(ade_candidates_clear) = {
		.now = search->candidates.now};
	struct err failure = {0};
	int r = list_versions(search->client, id, &versions, &failure);

	if (r == -ENOMEM || r == -EINTR) {
		*err = failure;
		return r;
	}
	if (r != 0) {
		log_debug("older versions of secret '%s' cannot be listed: %s", id->name,
			  failure.message);
		return 0;
	}
	for (size_t i = 0; i < versions.count && r == 0 && !*ret_accepted; i++) {
		const struct secret_item *item = versions.list[i].item;

		if (item->enabled && strcmp(item->id->version, tried) != 0)
			r = try_secret(search, item->id, NULL, ret_accepted, NULL, err);
	}
	return r;
}

static bool id_is_wanted(const struct search *search, size_t index)
{
	const struct keyvault_request *request = search->request;

	if (search->accepted[index])
		return false;
	return !request->wanted || request->wanted(request->context, &request->ids[index]);
}

static bool any_id_is_wanted(const struct search *search)
{
	for (size_t i = 0; i < search->request->id_count; i++) {
		if (id_is_wanted(search, i))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ by name */

static int preview_name(struct search *search, const struct object_id *id, size_t index,
			struct err *err)
{
	struct err failure = {0};
	int r = preview_named(search->client, id, &search->request->ids[index], search->request,
			      &failure);

	if (r == -ENOENT)
		return 0;
	if (r != 0 && ends_search(r, &failure, false)) {
		*err = failure;
		return r;
	}
	search->present[index] = r == 0 || r == -EKEYREVOKED;
	search->accepted[index] = r == 0;
	if (r == 0)
		search->found++;
	else
		set_pending(search, r, &failure);
	return 0;
}

static int try_name(struct search *search, const struct object_id *id, size_t index,
		    struct err *err)
{
	char tried[OBJECT_VERSION_MAX + 1] = "";
	bool accepted = false;
	int code = 0;
	int r = try_secret(search, id, tried, &accepted, &code, err);

	search->present[index] = code == 0 || code == -ENOKEY || code == -EKEYREVOKED;
	if (r == 0 && !accepted && search->present[index])
		r = try_versions(search, id, tried, &accepted, err);
	search->accepted[index] = accepted;
	return r;
}

/* ADE names a secret by the protector's identifier, in upper case. */
static int ask_by_name(struct search *search, struct err *err)
{
	const struct keyvault_request *request = search->request;

	for (size_t i = 0; i < request->id_count; i++) {
		struct object_id *id CLEANUP(object_id_free) = NULL;
		int r;

		if (!id_is_wanted(search, i))
			continue;
		r = object_id_make(search->vault, guid_format(&request->ids[i]).text, NULL, &id,
				   err);
		if (r == 0)
			r = request->preview ? preview_name(search, id, i, err)
					     : try_name(search, id, i, err);
		if (r != 0)
			return r;
	}
	return 0;
}

/* --------------------------------------------------------------- by listing */

static int on_listed(void *context, struct secret_item **item, struct err *err)
{
	struct ade_candidates *candidates = context;
	const char *foreign = ade_foreign(*item, candidates->machine);
	int r = ade_consider(candidates, item);

	if (r == 0 && *item && foreign)
		log_info("secret '%s' of '%s' %s; skipped", (*item)->id->name, candidates->machine,
			 foreign);
	if (r == -E2BIG)
		return err_set(err, ERR_NETWORK, E2BIG,
			       "more than %d secrets of the vault claim to fit this disk",
			       ADE_CANDIDATES_MAX);
	return r == 0 ? 0 : err_nomem(err);
}

static int gather(struct search *search, struct err *err)
{
	struct err failure = {0};
	int r = secret_list(search->client, search->vault, NULL, on_listed, &search->candidates,
			    &failure);

	if (r == -EACCES && failure.kind == ERR_VAULT && search->request->id_count > 0) {
		log_info("%s", failure.message);
		if (search->pending_code == 0)
			set_pending(search, r, &failure);
		return 0;
	}
	if (r != 0) {
		*err = failure;
		return r;
	}
	ade_sort(&search->candidates);
	return 0;
}

/* Whether a candidate can still be of use. */
static bool is_wanted(const struct search *search, const struct ade_candidate *candidate)
{
	const struct keyvault_request *request = search->request;

	if (candidate->match == ADE_BY_MACHINE)
		return request->id_count == 0 || any_id_is_wanted(search);
	if (!id_is_wanted(search, candidate->wanted))
		return false;
	/* asked for by this very name already */
	return candidate->match != ADE_BY_NAME || !search->present[candidate->wanted] ||
	       strcmp(candidate->item->id->name,
		      guid_format(&request->ids[candidate->wanted]).text) != 0;
}

static int preview_listed(struct search *search, const struct ade_candidate *candidate,
			  struct err *err)
{
	const struct guid *id = candidate->match == ADE_BY_MACHINE
					? NULL
					: &search->request->ids[candidate->wanted];

	search->found++;
	return preview(candidate->item, id, search->request, err);
}

static int try_current(struct search *search, struct ade_candidate *candidate, bool *ret_accepted,
		       struct err *err)
{
	const struct secret_item *item = candidate->item;
	struct err why = {0};
	int r;

	if (!item->enabled) {
		r = disabled(item, &why);
		set_pending(search, r, &why);
		return 0;
	}
	if (ade_has_expired(item, search->candidates.now))
		log_info("secret '%s' has expired; skipped until the others have been tried",
			 item->id->name);
	if (search->request->preview)
		return preview_listed(search, candidate, err);
	return try_secret(search, item->id, candidate->tried, ret_accepted, NULL, err);
}

/* All candidates' current versions, or all their other ones. */
static int try_candidates(struct search *search, bool versions, struct err *err)
{
	for (size_t i = 0; i < search->candidates.count; i++) {
		struct ade_candidate *candidate = &search->candidates.list[i];
		bool accepted = false;
		int r = 0;

		if (!is_wanted(search, candidate))
			continue;
		if (!versions)
			r = try_current(search, candidate, &accepted, err);
		else if (candidate->match != ADE_BY_MACHINE)
			r = try_versions(search, candidate->item->id, candidate->tried, &accepted,
					 err);
		if (r != 0)
			return r;
		if (accepted && candidate->match != ADE_BY_MACHINE)
			search->accepted[candidate->wanted] = true;
	}
	return 0;
}

static int run(struct search *search, struct err *err)
{
	int r = ask_by_name(search, err);

	if (r == 0 && (search->request->id_count == 0 || any_id_is_wanted(search))) {
		r = gather(search, err);
		if (r == 0)
			r = try_candidates(search, false, err);
		if (r == 0 && !search->request->preview)
			r = try_candidates(search, true, err);
	}
	if (r != 0 || search->pending_code == 0)
		return r;
	if (search->found == 0) {
		*err = search->pending;
		return search->pending_code;
	}
	log_warning("%s", search->pending.message);
	return 0;
}

int search_vault(struct vault_client *client, const struct url *vault,
		 const struct keyvault_request *request, size_t *ret_found, struct err *err)
{
	struct search search = {
		.client = client,
		.vault = vault,
		.request = request,
		.candidates.ids = request->ids,
		.candidates.id_count = request->id_count,
		.candidates.machine = request->vm,
		.candidates.now = time(NULL),
	};
	struct err failure = {0};
	int r;

	search.accepted = calloc(request->id_count + 1, sizeof(*search.accepted));
	search.present = calloc(request->id_count + 1, sizeof(*search.present));
	r = search.accepted && search.present ? run(&search, &failure) : err_nomem(&failure);
	if (r != 0 && err)
		*err = failure;
	if (r == 0)
		*ret_found = search.found;
	ade_candidates_clear(&search.candidates);
	free(search.accepted);
	free(search.present);
	return r;
}
