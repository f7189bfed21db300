/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The search for BEKs: list once, order the candidates, hand them over one by one; see search.h.
 *
 * A candidate that fails is no end as long as another serves: its error is kept back and becomes a
 * warning when something else is accepted. Where the vault lets us get secrets but not list them,
 * they are asked for by name, which ADE makes the protector's identifier.
 */
#include "keyvault/search.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "keyvault/ade.h"
#include "keyvault/bekfetch.h"

struct search {
	struct vault_client *client;
	const struct search_request *request;
	struct ade_candidates candidates;
	bool *accepted; /* for each identifier */
	size_t found;
	bool by_name;	    /* the vault could not be listed */
	struct err pending; /* of the last candidate that failed; kind 0: none */
	int pending_code;
};

static void origin_of(const struct bek_fetched *fetched, char *secret_url, char *kek_url,
		      struct keyvault_origin *origin)
{
	const struct secret_item *item = fetched->item;

	origin->secret_url = secret_url;
	origin->name = item->id->name;
	origin->version = item->id->version;
	origin->content_type = item->content_type;
	origin->file_name = item->file_name;
	origin->machine_name = item->machine_name;
	origin->volume_letter = item->volume_letter;
	origin->created = item->created;
	origin->kek_url = kek_url;
	origin->algorithm = fetched->algorithm;
}

static int hand_over(const struct bek_fetched *fetched, keyvault_accept *accept, void *context,
		     struct err *err)
{
	char *secret_url CLEANUP(free) = object_id_format(fetched->item->id, "secrets");
	char *kek_url CLEANUP(free) = NULL;
	struct keyvault_origin origin;

	if (fetched->kek)
		kek_url = object_id_format(fetched->kek, "keys");
	if (!secret_url || (fetched->kek && !kek_url))
		return err_nomem(err);
	origin_of(fetched, secret_url, kek_url, &origin);
	return accept(context, fetched->bytes, &origin, err);
}

int search_single(struct vault_client *client, const struct object_id *id, const char *kek,
		  keyvault_accept *accept, void *context, struct err *err)
{
	struct bek_fetched fetched CLEANUP(bek_fetched_clear) = {0};
	int r = bek_fetch(client, id, kek, &fetched, err);

	return r == 0 ? hand_over(&fetched, accept, context, err) : r;
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
 * got; else the error that ends the search.
 */
static int try_secret(struct search *search, const struct object_id *id, char *tried,
		      bool *ret_accepted, struct err *err)
{
	struct bek_fetched fetched CLEANUP(bek_fetched_clear) = {0};
	const struct search_request *request = search->request;
	struct err failure = {0};
	char text[OBJECT_TEXT_SIZE];
	int r;

	log_debug("trying secret '%s'", object_id_text(id, text));
	r = bek_fetch(search->client, id, request->kek, &fetched, &failure);
	if (fetched.item && tried)
		memcpy(tried, fetched.item->id->version, sizeof(fetched.item->id->version));
	if (r != 0 && ends_search(r, &failure, fetched.unwrap_failed)) {
		*err = failure;
		return r;
	}
	if (r == -ENOENT && !fetched.item && search->by_name)
		return 0; /* a guess that was wrong: that listing is refused is the trouble */
	if (r == 0) {
		r = hand_over(&fetched, request->accept, request->context, &failure);
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

static void skip_disabled(struct search *search, const struct secret_item *item)
{
	struct refusal refusal = {.status = 403, .code = "Forbidden", .inner = "SecretDisabled"};
	char text[OBJECT_TEXT_SIZE];
	struct refusal_context context = {
		.operation = VAULT_GET_SECRET,
		.vault = item->id->vault,
		.object = object_id_text(item->id, text),
		.retry_after = -1,
	};
	struct err err = {0};
	int r = refusal_error(&refusal, &context, &err);

	set_pending(search, r, &err);
}

static int on_listed(void *context, struct secret_item **item, struct err *err)
{
	struct ade_candidates *candidates = context;
	int r = ade_consider(candidates, item);

	if (r == -E2BIG)
		return err_set(err, ERR_NETWORK, E2BIG,
			       "more than %d secrets of the vault claim to fit this disk",
			       ADE_CANDIDATES_MAX);
	return r == 0 ? 0 : err_nomem(err);
}

/* Candidates that nobody listed: the identifiers themselves as names. */
static int add_names(struct search *search, struct err *err)
{
	const struct search_request *request = search->request;

	for (size_t i = 0; i < request->id_count; i++) {
		struct secret_item *item CLEANUP(secret_item_free) = calloc(1, sizeof(*item));
		int r;

		if (!item)
			return err_nomem(err);
		item->enabled = true;
		r = object_id_make(request->vault, guid_format(&request->ids[i]).text, NULL,
				   &item->id, err);
		if (r == 0)
			r = on_listed(&search->candidates, &item, err);
		if (r != 0)
			return r;
	}
	return 0;
}

static int gather(struct search *search, struct err *err)
{
	const struct search_request *request = search->request;
	int r = secret_list(search->client, request->vault, NULL, on_listed, &search->candidates,
			    err);

	if (r == -EACCES && err->kind == ERR_VAULT && request->id_count > 0) {
		log_info("the vault's secrets cannot be listed; asking for them by name");
		set_pending(search, r, err);
		search->by_name = true;
		r = add_names(search, err);
	}
	if (r == 0)
		ade_sort(&search->candidates);
	return r;
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

/*
 * Versions other than the one that was got: there are some when somebody wrote the secret anew, or
 * disabled the current one. Nothing is said when they cannot be listed.
 */
static int try_versions(struct search *search, const struct ade_candidate *candidate,
			bool *ret_accepted, struct err *err)
{
	struct ade_candidates versions CLEANUP(ade_candidates_clear) = {0};
	struct err failure = {0};
	int r;

	r = secret_list(search->client, search->request->vault, candidate->item->id->name,
			on_version, &versions, &failure);
	if (r == -ENOMEM || r == -EINTR) {
		*err = failure;
		return r;
	}
	if (r != 0) {
		log_debug("older versions of secret '%s' cannot be listed: %s",
			  candidate->item->id->name, failure.message);
		return 0;
	}
	ade_sort(&versions);
	for (size_t i = 0; i < versions.count && r == 0 && !*ret_accepted; i++) {
		const struct secret_item *item = versions.list[i].item;

		if (item->enabled && strcmp(item->id->version, candidate->tried) != 0)
			r = try_secret(search, item->id, NULL, ret_accepted, err);
	}
	return r;
}

static bool all_accepted(const struct search *search)
{
	for (size_t i = 0; i < search->request->id_count; i++) {
		if (!search->accepted[i])
			return false;
	}
	return search->request->id_count > 0;
}

/* Whether a candidate can still be of use. */
static bool is_wanted(const struct search *search, const struct ade_candidate *candidate)
{
	if (candidate->match == ADE_BY_MACHINE)
		return !all_accepted(search);
	return !search->accepted[candidate->wanted];
}

static int try_current(struct search *search, struct ade_candidate *candidate, bool *ret_accepted,
		       struct err *err)
{
	if (candidate->item->enabled)
		return try_secret(search, candidate->item->id, candidate->tried, ret_accepted, err);
	skip_disabled(search, candidate->item);
	return 0;
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
			r = try_versions(search, candidate, &accepted, err);
		if (r != 0)
			return r;
		if (accepted && candidate->match != ADE_BY_MACHINE)
			search->accepted[candidate->wanted] = true;
	}
	return 0;
}

static int run(struct search *search, struct err *err)
{
	int r = gather(search, err);

	if (r == 0)
		r = try_candidates(search, false, err);
	if (r == 0)
		r = try_candidates(search, true, err);
	if (r != 0 || search->pending_code == 0)
		return r;
	if (search->found == 0) {
		*err = search->pending;
		return search->pending_code;
	}
	log_warning("%s", search->pending.message);
	return 0;
}

int search_vault(struct vault_client *client, const struct search_request *request,
		 size_t *ret_found, struct err *err)
{
	struct search search = {
		.client = client,
		.request = request,
		.candidates.ids = request->ids,
		.candidates.id_count = request->id_count,
		.candidates.machine = request->machine,
	};
	struct err failure = {0};
	int r;

	search.accepted = calloc(request->id_count + 1, sizeof(*search.accepted));
	if (!search.accepted)
		return err_nomem(err);
	r = run(&search, &failure);
	if (r != 0 && err)
		*err = failure;
	if (r == 0)
		*ret_found = search.found;
	ade_candidates_clear(&search.candidates);
	free(search.accepted);
	return r;
}
