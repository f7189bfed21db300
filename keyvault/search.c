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
 *
 * Threads: what is needed anyway is asked for ahead of its turn (ahead.h): the names, the newest
 * candidate of each identifier and of each drive letter, the versions of those. Of an older
 * duplicate nothing is asked before the newer one has failed. All else happens in this thread, in a
 * fixed order: whether something is still wanted, what is handed over, what is said.
 */
#include "keyvault/search.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"
#include "keyvault/ahead.h"
#include "keyvault/offer.h"
#include "keyvault/versions.h"

enum {
	/* How many turns ahead it is looked for something to ask for. */
	LOOK_AHEAD = 64
};

enum phase {
	BY_NAME,
	CURRENT, /* versions of the candidates */
	OLDER,	 /* the same */
};

struct search {
	struct vault_client *client;
	const struct url *vault;
	const struct keyvault_request *request;
	struct ade_candidates candidates;
	struct ahead *ahead;
	bool prepared;		  /* the vault is known, and somebody signed in */
	enum phase phase;	  /* whose turns are taken now */
	size_t turn;		  /* identifier or candidate that is tried now */
	struct object_id **names; /* for each identifier */
	bool *accepted;		  /* the same */
	bool *present;		  /* the same: a secret of that name is there, and has been tried */
	size_t found;
	struct err pending; /* of the last candidate that failed; kind 0: none */
	int pending_code;
};

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

/* --------------------------------------------------------- ahead of its turn */

static enum job_kind job_kind_of(const struct search *search)
{
	bool listed =
		search->phase == OLDER || (search->phase == BY_NAME && search->request->preview);

	return listed ? JOB_VERSIONS : JOB_FETCH;
}

/* Whether the later one is of no use if the earlier one serves. */
static bool depends(const struct search *search, const struct ade_candidate *later,
		    const struct ade_candidate *earlier)
{
	if (earlier->match != ADE_BY_MACHINE)
		return later->match == ADE_BY_MACHINE || later->wanted == earlier->wanted;
	if (search->request->id_count == 0)
		return false; /* all of the machine's are wanted */
	return later->rank > 0 || ade_has_expired(later->item, search->candidates.now);
}

static bool candidate_is_due(const struct search *search, size_t index)
{
	const struct ade_candidate *list = search->candidates.list;

	if (!list[index].item->enabled && search->phase == CURRENT)
		return false;
	if (list[index].match == ADE_BY_MACHINE && search->phase == OLDER)
		return false;
	if (!is_wanted(search, &list[index]))
		return false;
	for (size_t i = search->turn; i < index; i++) {
		bool tried = list[i].item->enabled || search->phase == OLDER;

		if (tried && depends(search, &list[index], &list[i]))
			return false;
	}
	return true;
}

static const struct object_id *id_of_turn(const struct search *search, size_t index)
{
	return search->phase == BY_NAME ? search->names[index]
					: search->candidates.list[index].item->id;
}

/* This turn's job too, once there is another one: its thread would only wait for it. */
static void look_ahead(struct search *search)
{
	enum job_kind kind = job_kind_of(search);
	size_t count =
		search->phase == BY_NAME ? search->request->id_count : search->candidates.count;
	bool begun = false;

	for (size_t i = search->turn + 1; i < count && i - search->turn <= LOOK_AHEAD; i++) {
		if (search->phase == BY_NAME ? !id_is_wanted(search, i)
					     : !candidate_is_due(search, i))
			continue;
		if (!begun && !ahead_start(search->ahead, kind, id_of_turn(search, search->turn)))
			return;
		begun = true;
		if (!ahead_start(search->ahead, kind, id_of_turn(search, i)))
			return;
	}
}

/* The job of this turn. The first one finds out whom to ask, and signs in, before others ask. */
static void obtain(struct search *search, struct job *job)
{
	job->kind = job_kind_of(search);
	job->id = id_of_turn(search, search->turn);
	if (!search->prepared) {
		job->code = vault_secret_prepare(search->client, job->id, job->kind == JOB_VERSIONS,
						 &job->err);
		if (job->code != 0)
			return;
		search->prepared = true;
	}
	look_ahead(search);
	ahead_take(search->ahead, job);
}

/* This turn is not taken; what has been asked for it was in vain. */
static void pass(struct search *search)
{
	ahead_drop(search->ahead, job_kind_of(search), id_of_turn(search, search->turn));
}

/* ------------------------------------------------------------------- trying */

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
 * What a fetch came to. 0: tried, *ret_accepted says how it went, and `tried` (may be NULL) holds
 * the version that was got; else the error that ends the search. *ret_code (may be NULL) is what
 * the fetch came to.
 */
static int judge(struct search *search, struct job *job, char *tried, bool *ret_accepted,
		 int *ret_code, struct err *err)
{
	const struct bek_fetched *fetched = &job->fetched;
	int result = job->code;

	if (ret_code)
		*ret_code = result != 0 && fetched->item ? -ENOKEY : result;
	if (fetched->item && tried)
		memcpy(tried, fetched->item->id->version, sizeof(fetched->item->id->version));
	if (result != 0 && ends_search(result, &job->err, fetched->unwrap_failed)) {
		*err = job->err;
		return result;
	}
	if (result == -ENOENT && !fetched->item && ret_code)
		return 0; /* a guess that was wrong */
	if (result == 0) {
		result = offer_bek(fetched, search->request, &job->err);
		if (ret_code && result == -ENOKEY)
			*ret_code = result;
		if (result != 0 && result != -ENOKEY) {
			*err = job->err;
			return result;
		}
	}
	*ret_accepted = result == 0;
	if (result == 0)
		search->found++;
	else
		set_pending(search, result, &job->err);
	return 0;
}

/* This turn's secret, as judge() says. */
static int try_turn(struct search *search, char *tried, bool *ret_accepted, int *ret_code,
		    struct err *err)
{
	struct job job CLEANUP(job_clear) = {0};
	char text[OBJECT_TEXT_SIZE];

	log_debug("trying secret '%s'", object_id_text(id_of_turn(search, search->turn), text));
	obtain(search, &job);
	return judge(search, &job, tried, ret_accepted, ret_code, err);
}

/* Other versions than the one that was got, until one is accepted. */
static int walk_versions(struct search *search, const struct ade_candidates *versions,
			 const char *tried, bool *ret_accepted, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < versions->count && result == 0 && !*ret_accepted; i++) {
		const struct vault_secret *item = versions->list[i].item;
		struct job job CLEANUP(job_clear) = {.kind = JOB_FETCH, .id = item->id};
		char text[OBJECT_TEXT_SIZE];

		if (!item->enabled || strcmp(item->id->version, tried) == 0)
			continue;
		log_debug("trying secret '%s'", object_id_text(item->id, text));
		ahead_take(search->ahead, &job);
		result = judge(search, &job, NULL, ret_accepted, NULL, err);
	}
	return result;
}

/*
 * Versions other than the one that was got: there are some when somebody wrote the secret anew, or
 * disabled the current one. Nothing is said when they cannot be listed.
 */
static int try_versions(struct search *search, struct job *job, const char *tried,
			bool *ret_accepted, struct err *err)
{
	if (job->code == -ENOMEM || job->code == -EINTR) {
		*err = job->err;
		return job->code;
	}
	if (job->code != 0) {
		log_debug("older versions of secret '%s' cannot be listed: %s", job->id->name,
			  job->err.message);
		return 0;
	}
	return walk_versions(search, &job->versions, tried, ret_accepted, err);
}

/* ------------------------------------------------------------------ by name */

static int preview_name(struct search *search, size_t index, struct err *err)
{
	struct job job CLEANUP(job_clear) = {0};
	int result;

	obtain(search, &job);
	result = job.code;
	if (result == 0)
		result = offer_versions(search->names[index], &job.versions,
					&search->request->ids[index], search->request, &job.err);
	if (result == -ENOENT)
		return 0;
	if (result != 0 && ends_search(result, &job.err, false)) {
		*err = job.err;
		return result;
	}
	search->present[index] = result == 0 || result == -EKEYREVOKED;
	search->accepted[index] = result == 0;
	if (result == 0)
		search->found++;
	else
		set_pending(search, result, &job.err);
	return 0;
}

static int try_name(struct search *search, size_t index, struct err *err)
{
	char tried[OBJECT_VERSION_MAX + 1] = "";
	bool accepted = false;
	int code = 0;
	int result = try_turn(search, tried, &accepted, &code, err);

	search->present[index] = code == 0 || code == -ENOKEY || code == -EKEYREVOKED;
	if (result == 0 && !accepted && search->present[index]) {
		struct job job CLEANUP(job_clear) = {.kind = JOB_VERSIONS,
						     .id = search->names[index]};

		ahead_take(search->ahead, &job);
		result = try_versions(search, &job, tried, &accepted, err);
	}
	search->accepted[index] = accepted;
	return result;
}

/* ADE names a secret by the protector's identifier, in upper case. */
static int make_names(struct search *search, struct err *err)
{
	const struct keyvault_request *request = search->request;
	int result = 0;

	for (size_t i = 0; i < request->id_count && result == 0; i++)
		result = object_id_make(search->vault, guid_format(&request->ids[i]).text, NULL,
					&search->names[i], err);
	return result;
}

static int ask_by_name(struct search *search, struct err *err)
{
	int result = make_names(search, err);

	search->phase = BY_NAME;
	for (size_t i = 0; i < search->request->id_count && result == 0; i++) {
		search->turn = i;
		if (!id_is_wanted(search, i))
			pass(search);
		else if (search->request->preview)
			result = preview_name(search, i, err);
		else
			result = try_name(search, i, err);
	}
	return result;
}

/* --------------------------------------------------------------- by listing */

static int on_listed(void *context, struct vault_secret **item, struct err *err)
{
	struct ade_candidates *candidates = context;
	const char *foreign = ade_foreign(*item, candidates->machine);
	int result = ade_consider(candidates, item);

	if (result == 0 && *item && foreign)
		log_info("secret '%s' of '%s' %s; skipped", (*item)->id->name, candidates->machine,
			 foreign);
	if (result == -E2BIG)
		return err_set(err, ERR_NETWORK, E2BIG,
			       "more than %d secrets of the vault claim to fit this disk",
			       ADE_CANDIDATES_MAX);
	return result == 0 ? 0 : err_nomem(err);
}

static int gather(struct search *search, struct err *err)
{
	struct err failure = {0};
	int result = vault_secret_list(search->client, search->vault, NULL, on_listed,
				       &search->candidates, &failure);

	if (result == -EACCES && failure.kind == ERR_VAULT && search->request->id_count > 0) {
		log_info("%s", failure.message);
		if (search->pending_code == 0)
			set_pending(search, result, &failure);
		return 0;
	}
	if (result != 0) {
		*err = failure;
		return result;
	}
	ade_sort(&search->candidates);
	return 0;
}

static int preview_listed(struct search *search, const struct ade_candidate *candidate,
			  struct err *err)
{
	const struct guid *id = candidate->match == ADE_BY_MACHINE
					? NULL
					: &search->request->ids[candidate->wanted];

	search->found++;
	return offer_preview(candidate->item, id, search->request, err);
}

static int try_current(struct search *search, struct ade_candidate *candidate, bool *ret_accepted,
		       struct err *err)
{
	const struct vault_secret *item = candidate->item;
	struct err why = {0};
	int result;

	if (!item->enabled) {
		result = offer_disabled(item, &why);
		set_pending(search, result, &why);
		return 0;
	}
	if (ade_has_expired(item, search->candidates.now))
		log_info("secret '%s' has expired; skipped until the others have been tried",
			 item->id->name);
	if (search->request->preview)
		return preview_listed(search, candidate, err);
	return try_turn(search, candidate->tried, ret_accepted, NULL, err);
}

static int try_older(struct search *search, const struct ade_candidate *candidate,
		     bool *ret_accepted, struct err *err)
{
	struct job job CLEANUP(job_clear) = {0};

	if (candidate->match == ADE_BY_MACHINE)
		return 0;
	obtain(search, &job);
	return try_versions(search, &job, candidate->tried, ret_accepted, err);
}

/* All candidates' current versions, or all their other ones. */
static int try_candidates(struct search *search, enum phase phase, struct err *err)
{
	search->phase = phase;
	for (size_t i = 0; i < search->candidates.count; i++) {
		struct ade_candidate *candidate = &search->candidates.list[i];
		bool accepted = false;
		int result;

		search->turn = i;
		if (!is_wanted(search, candidate)) {
			pass(search);
			continue;
		}
		result = phase == CURRENT ? try_current(search, candidate, &accepted, err)
					  : try_older(search, candidate, &accepted, err);
		if (result != 0)
			return result;
		if (accepted && candidate->match != ADE_BY_MACHINE)
			search->accepted[candidate->wanted] = true;
	}
	return 0;
}

static int run(struct search *search, struct err *err)
{
	int result = ask_by_name(search, err);

	if (result == 0 && (search->request->id_count == 0 || any_id_is_wanted(search))) {
		result = gather(search, err);
		if (result == 0)
			result = try_candidates(search, CURRENT, err);
		if (result == 0 && !search->request->preview)
			result = try_candidates(search, OLDER, err);
	}
	if (result != 0 || search->pending_code == 0)
		return result;
	if (search->found == 0) {
		*err = search->pending;
		return search->pending_code;
	}
	log_warning("%s", search->pending.message);
	return 0;
}

static int allocate(struct search *search)
{
	size_t count = search->request->id_count + 1;

	search->accepted = calloc(count, sizeof(*search->accepted));
	search->present = calloc(count, sizeof(*search->present));
	search->names = calloc(count, sizeof(struct object_id *));
	/* A preview shows what a get would give: the current version, though it has expired. */
	search->ahead = ahead_new(search->client, search->request->kek,
				  search->request->preview ? 0 : search->candidates.now);
	return search->accepted && search->present && search->names && search->ahead ? 0 : -ENOMEM;
}

/* The threads first: what they work on is the rest's. */
static void release(struct search *search)
{
	ahead_free(search->ahead);
	ade_candidates_clear(&search->candidates);
	for (size_t i = 0; search->names && i < search->request->id_count; i++)
		object_id_free(search->names[i]);
	free(search->names);
	free(search->accepted);
	free(search->present);
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
	int result;

	if (allocate(&search) != 0)
		result = err_nomem(&failure);
	else
		result = run(&search, &failure);
	if (result != 0 && err)
		*err = failure;
	if (result == 0)
		*ret_found = search.found;
	release(&search);
	return result;
}

static int preview_single(struct vault_client *client, const struct object_id *id,
			  const struct keyvault_request *request, struct err *err)
{
	struct ade_candidates versions CLEANUP(ade_candidates_clear) = {0};
	int result = versions_list(client, id, &versions, err);

	return result == 0 ? offer_versions(id, &versions, NULL, request, err) : result;
}

int search_single(struct vault_client *client, const struct object_id *id,
		  const struct keyvault_request *request, struct err *err)
{
	struct bek_fetched fetched CLEANUP(bek_fetched_clear) = {0};
	int result;

	if (request->preview)
		return preview_single(client, id, request, err);
	result = bek_fetch(client, id, request->kek, &fetched, err);
	return result == 0 ? offer_bek(&fetched, request, err) : result;
}
