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
 * A candidate that fails does not end the search as long as another may serve: its error is kept,
 * and becomes a warning when something else is accepted. A preview walks the same way, but asks for
 * versions in place of values.
 *
 * Threads: other threads only ask ahead (turns.h). All else happens in this one, in a fixed order:
 * whether something is still wanted, what is handed over, what is said.
 */
#include "keyvault/search.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "keyvault/offer.h"
#include "keyvault/turns.h"
#include "keyvault/versions.h"

/* What came of a candidate. */
enum verdict {
	ACCEPTED,
	UNFIT, /* got, and of no use: not accepted, its KEK does not unwrap it, or it is not a BEK
		*/
	DISABLED,
	ABSENT,
	UNREADABLE, /* the vault does not give it out */
};

struct search {
	struct turns turns;
	const struct url *vault;
	size_t found;
	struct err pending; /* of the last candidate that failed */
	int pending_result; /* 0: none has */
};

/* Keep an error back; an earlier one becomes a warning now. */
static void set_pending(struct search *search, int result, const struct err *err)
{
	if (search->pending_result != 0)
		log_warning("%s", search->pending.message);
	search->pending = *err;
	search->pending_result = result;
}

/* Whether the same would happen with every other candidate. */
static bool ends_search(int result, const struct err *err, bool unwrap_failed)
{
	if (result == -ENOMEM || result == -EINTR)
		return true;
	if (unwrap_failed)
		return false;
	return err->kind == ERR_SIGNIN || err->kind == ERR_NETWORK || err->kind == ERR_USAGE ||
	       err->kind == ERR_OTHER;
}

static enum verdict verdict_of(const struct bek_fetch_result *fetched, int result)
{
	if (result == 0)
		return ACCEPTED;
	if (fetched->item)
		return UNFIT;
	if (result == -ENOENT)
		return ABSENT;
	return result == -EKEYREVOKED ? DISABLED : UNREADABLE;
}

/*
 * Offer what was got, and say what came of it. A failure is kept, but for an absence, which only
 * the caller can call one. Fails with the error that ends the search.
 */
static int judge(struct search *search, struct ahead_job *job, enum verdict *ret_verdict,
		 struct err *err)
{
	int result = job->result;
	bool ends = result != 0 && ends_search(result, &job->err, job->fetched.unwrap_failed);

	if (result == 0) {
		result = offer_bek(&job->fetched, search->turns.request, &job->err);
		ends = result != 0 && result != -ENOKEY;
	}
	if (ends) {
		*err = job->err;
		return result;
	}
	*ret_verdict = verdict_of(&job->fetched, result);
	if (*ret_verdict == ACCEPTED)
		search->found++;
	else if (*ret_verdict != ABSENT)
		set_pending(search, result, &job->err);
	return 0;
}

/* The same of one that the vault has listed: it should be there. */
static int judge_listed(struct search *search, struct ahead_job *job, bool *ret_accepted,
			struct err *err)
{
	enum verdict verdict = ABSENT;
	int result = judge(search, job, &verdict, err);

	if (result != 0)
		return result;
	if (verdict == ABSENT)
		set_pending(search, job->result, &job->err);
	*ret_accepted = verdict == ACCEPTED;
	return 0;
}

static void log_trial(const struct object_id *id)
{
	char text[OBJECT_TEXT_SIZE];

	log_debug("trying secret '%s'", object_id_text(id, text));
}

/* The version that was got, which is not tried again. */
static void note_version(const struct bek_fetch_result *fetched, char *tried)
{
	if (fetched->item)
		memcpy(tried, fetched->item->id->version, sizeof(fetched->item->id->version));
}

/* Other versions than the one that was got, until one is accepted. */
static int walk_versions(struct search *search, const struct ade_candidates *versions,
			 const char *tried, bool *ret_accepted, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < versions->count && result == 0 && !*ret_accepted; i++) {
		const struct vault_secret *item = versions->list[i].item;
		struct ahead_job job CLEANUP(ahead_job_clear) = {.kind = AHEAD_FETCH,
								 .id = item->id};

		if (!item->enabled || strcmp(item->id->version, tried) == 0)
			continue;
		log_trial(item->id);
		ahead_take(search->turns.ahead, &job);
		result = judge_listed(search, &job, ret_accepted, err);
	}
	return result;
}

/*
 * Versions other than the one that was got: there are some when somebody wrote the secret again, or
 * disabled the current one. Nothing is said when they cannot be listed.
 */
static int try_versions(struct search *search, struct ahead_job *job, const char *tried,
			bool *ret_accepted, struct err *err)
{
	if (job->result == -ENOMEM || job->result == -EINTR) {
		*err = job->err;
		return job->result;
	}
	if (job->result != 0) {
		log_debug("older versions of secret '%s' cannot be listed: %s", job->id->name,
			  job->err.message);
		return 0;
	}
	return walk_versions(search, &job->versions, tried, ret_accepted, err);
}

/* ------------------------------------------------------------------ by name */

static int preview_name(struct search *search, size_t index, struct err *err)
{
	struct turns *turns = &search->turns;
	struct ahead_job job CLEANUP(ahead_job_clear) = {0};
	const struct vault_secret *item = NULL;
	int result;

	turns_take(turns, &job);
	result = job.result;
	if (result == 0)
		result = versions_current(&job.versions, job.id, &item, &job.err);
	if (result == -ENOENT)
		return 0; /* a guess that was wrong */
	if (result != 0 && ends_search(result, &job.err, false)) {
		*err = job.err;
		return result;
	}
	turns->present[index] = result == 0 || result == -EKEYREVOKED;
	turns->accepted[index] = result == 0;
	if (result != 0) {
		set_pending(search, result, &job.err);
		return 0;
	}
	search->found++;
	return offer_preview(item, &turns->request->ids[index], turns->request, err);
}

static int try_other_versions(struct search *search, size_t index, const char *tried,
			      bool *ret_accepted, struct err *err)
{
	struct ahead_job job CLEANUP(ahead_job_clear) = {.kind = AHEAD_VERSIONS,
							 .id = search->turns.names[index]};

	ahead_take(search->turns.ahead, &job);
	return try_versions(search, &job, tried, ret_accepted, err);
}

static int try_name(struct search *search, size_t index, struct err *err)
{
	struct turns *turns = &search->turns;
	struct ahead_job job CLEANUP(ahead_job_clear) = {0};
	char tried[OBJECT_VERSION_MAX + 1] = "";
	enum verdict verdict = ABSENT;
	bool accepted;
	int result;

	log_trial(turns->names[index]);
	turns_take(turns, &job);
	result = judge(search, &job, &verdict, err);
	if (result != 0)
		return result;
	note_version(&job.fetched, tried);
	accepted = verdict == ACCEPTED;
	turns->present[index] = accepted || verdict == UNFIT || verdict == DISABLED;
	if (turns->present[index] && !accepted)
		result = try_other_versions(search, index, tried, &accepted, err);
	turns->accepted[index] = accepted;
	return result;
}

static int ask_by_name(struct search *search, struct err *err)
{
	struct turns *turns = &search->turns;
	int result = 0;

	turns->phase = TURNS_BY_NAME;
	for (size_t i = 0; i < turns->request->id_count && result == 0; i++) {
		turns->turn = i;
		if (!turns_id_is_wanted(turns, i))
			turns_skip(turns);
		else if (turns->request->preview)
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
	struct turns *turns = &search->turns;
	struct err failure = {0};
	int result = vault_secret_list(turns->client, search->vault, NULL, on_listed,
				       &turns->candidates, &failure);

	if (result == -EACCES && failure.kind == ERR_VAULT && turns->request->id_count > 0) {
		log_info("%s", failure.message);
		if (search->pending_result == 0)
			set_pending(search, result, &failure);
		return 0;
	}
	if (result != 0) {
		*err = failure;
		return result;
	}
	ade_sort(&turns->candidates);
	return 0;
}

static int preview_listed(struct search *search, const struct ade_candidate *candidate,
			  struct err *err)
{
	const struct keyvault_request *request = search->turns.request;
	const struct guid *id =
		candidate->match == ADE_BY_MACHINE ? NULL : &request->ids[candidate->wanted];

	search->found++;
	return offer_preview(candidate->item, id, request, err);
}

static int try_current(struct search *search, struct ade_candidate *candidate, bool *ret_accepted,
		       struct err *err)
{
	const struct vault_secret *item = candidate->item;
	struct ahead_job job CLEANUP(ahead_job_clear) = {0};
	struct err why = {0};
	int result;

	if (!item->enabled) {
		result = refusal_disabled(item->id, &why);
		set_pending(search, result, &why);
		return 0;
	}
	if (ade_has_expired(item, search->turns.candidates.now))
		log_info("secret '%s' has expired; skipped until the others have been tried",
			 item->id->name);
	if (search->turns.request->preview)
		return preview_listed(search, candidate, err);
	log_trial(item->id);
	turns_take(&search->turns, &job);
	result = judge_listed(search, &job, ret_accepted, err);
	note_version(&job.fetched, candidate->tried);
	return result;
}

static int try_older(struct search *search, const struct ade_candidate *candidate,
		     bool *ret_accepted, struct err *err)
{
	struct ahead_job job CLEANUP(ahead_job_clear) = {0};

	if (candidate->match == ADE_BY_MACHINE)
		return 0;
	turns_take(&search->turns, &job);
	return try_versions(search, &job, candidate->tried, ret_accepted, err);
}

/* All candidates' current versions, or all their other ones. */
static int try_candidates(struct search *search, enum turns_phase phase, struct err *err)
{
	struct turns *turns = &search->turns;

	turns->phase = phase;
	for (size_t i = 0; i < turns->candidates.count; i++) {
		struct ade_candidate *candidate = &turns->candidates.list[i];
		bool accepted = false;
		int result;

		turns->turn = i;
		if (!turns_candidate_is_wanted(turns, candidate)) {
			turns_skip(turns);
			continue;
		}
		result = phase == TURNS_CURRENT ? try_current(search, candidate, &accepted, err)
						: try_older(search, candidate, &accepted, err);
		if (result != 0)
			return result;
		if (accepted && candidate->match != ADE_BY_MACHINE)
			turns->accepted[candidate->wanted] = true;
	}
	return 0;
}

static int run(struct search *search, struct err *err)
{
	const struct keyvault_request *request = search->turns.request;
	int result = ask_by_name(search, err);

	if (result == 0 && (request->id_count == 0 || turns_any_id_is_wanted(&search->turns))) {
		result = gather(search, err);
		if (result == 0)
			result = try_candidates(search, TURNS_CURRENT, err);
		if (result == 0 && !request->preview)
			result = try_candidates(search, TURNS_OLDER, err);
	}
	if (result != 0 || search->pending_result == 0)
		return result;
	if (search->found == 0) {
		*err = search->pending;
		return search->pending_result;
	}
	log_warning("%s", search->pending.message);
	return 0;
}

int search_vault(struct vault_client *client, const struct url *vault,
		 const struct keyvault_request *request, size_t *ret_found, struct err *err)
{
	struct search search = {.vault = vault};
	struct err failure = {0};
	int result = turns_init(&search.turns, client, vault, request, &failure);

	if (result == 0)
		result = run(&search, &failure);
	if (result != 0 && err)
		*err = failure;
	if (result == 0)
		*ret_found = search.found;
	turns_clear(&search.turns);
	return result;
}

static int preview_single(struct vault_client *client, const struct object_id *id,
			  const struct keyvault_request *request, struct err *err)
{
	struct ade_candidates versions CLEANUP(ade_candidates_clear) = {0};
	const struct vault_secret *item = NULL;
	int result = versions_list(client, id, &versions, err);

	if (result == 0)
		result = versions_current(&versions, id, &item, err);
	return result == 0 ? offer_preview(item, NULL, request, err) : result;
}

int search_single(struct vault_client *client, const struct object_id *id,
		  const struct keyvault_request *request, struct err *err)
{
	struct bek_fetch_result fetched CLEANUP(bek_fetch_result_clear) = {0};
	int result;

	if (request->preview)
		return preview_single(client, id, request, err);
	result = bek_fetch(client, id, request->kek, &fetched, err);
	/* the secret is there, and its KEK is not */
	if (result == -ENOENT && fetched.item)
		return -ENXIO;
	return result == 0 ? offer_bek(&fetched, request, err) : result;
}
