/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns of a search and what is asked for ahead of them; see turns.h. */
#include "keyvault/turns.h"

#include <string.h>
#include <time.h>

enum {
	/* How many turns ahead something to ask for is looked for. */
	LOOK_AHEAD = 64
};

int turns_init(struct turns *turns, struct vault_client *client, const struct url *vault,
	       const struct keyvault_request *request, struct err *err)
{
	size_t count = request->id_count + 1;
	int result = 0;

	*turns = (struct turns){
		.client = client,
		.request = request,
		.candidates.ids = request->ids,
		.candidates.id_count = request->id_count,
		.candidates.machine = request->vm,
		.candidates.now = time(NULL),
		.names = calloc(count, sizeof(struct object_id *)),
		.accepted = calloc(count, sizeof(bool)),
		.present = calloc(count, sizeof(bool)),
	};
	/* A preview shows what a get would give: the current version, though it has expired. */
	turns->ahead =
		ahead_new(client, request->kek, request->preview ? 0 : turns->candidates.now);
	if (!turns->names || !turns->accepted || !turns->present || !turns->ahead)
		return err_nomem(err);
	/* ADE names a secret by the protector's identifier, in upper case. */
	for (size_t i = 0; i < request->id_count && result == 0; i++)
		result = object_id_make(vault, guid_format(&request->ids[i]).text, NULL,
					&turns->names[i], err);
	return result;
}

/* The threads first: they work on the rest. */
void turns_clear(struct turns *turns)
{
	ahead_free(turns->ahead);
	ade_candidates_clear(&turns->candidates);
	for (size_t i = 0; turns->names && i < turns->request->id_count; i++)
		object_id_free(turns->names[i]);
	free(turns->names);
	free(turns->accepted);
	free(turns->present);
}

bool turns_id_is_wanted(const struct turns *turns, size_t index)
{
	const struct keyvault_request *request = turns->request;

	if (turns->accepted[index])
		return false;
	return !request->wanted || request->wanted(request->context, &request->ids[index]);
}

bool turns_any_id_is_wanted(const struct turns *turns)
{
	for (size_t i = 0; i < turns->request->id_count; i++) {
		if (turns_id_is_wanted(turns, i))
			return true;
	}
	return false;
}

bool turns_candidate_is_wanted(const struct turns *turns, const struct ade_candidate *candidate)
{
	const struct keyvault_request *request = turns->request;

	if (candidate->match == ADE_BY_MACHINE)
		return request->id_count == 0 || turns_any_id_is_wanted(turns);
	if (!turns_id_is_wanted(turns, candidate->wanted))
		return false;
	/* asked for by this very name already */
	return candidate->match != ADE_BY_NAME || !turns->present[candidate->wanted] ||
	       strcmp(candidate->item->id->name,
		      guid_format(&request->ids[candidate->wanted]).text) != 0;
}

static enum ahead_kind job_kind_of(const struct turns *turns)
{
	bool listed = turns->phase == TURNS_OLDER ||
		      (turns->phase == TURNS_BY_NAME && turns->request->preview);

	return listed ? AHEAD_VERSIONS : AHEAD_FETCH;
}

/* Whether the later one is of no use if the earlier one serves. */
static bool depends(const struct turns *turns, const struct ade_candidate *later,
		    const struct ade_candidate *earlier)
{
	if (earlier->match != ADE_BY_MACHINE)
		return later->match == ADE_BY_MACHINE || later->wanted == earlier->wanted;
	if (turns->request->id_count == 0)
		return false; /* all of the machine's are wanted */
	return later->rank > 0 || ade_has_expired(later->item, turns->candidates.now);
}

static bool candidate_is_due(const struct turns *turns, size_t index)
{
	const struct ade_candidate *list = turns->candidates.list;

	if (!list[index].item->enabled && turns->phase == TURNS_CURRENT)
		return false;
	if (list[index].match == ADE_BY_MACHINE && turns->phase == TURNS_OLDER)
		return false;
	if (!turns_candidate_is_wanted(turns, &list[index]))
		return false;
	for (size_t i = turns->turn; i < index; i++) {
		bool tried = list[i].item->enabled || turns->phase == TURNS_OLDER;

		if (tried && depends(turns, &list[index], &list[i]))
			return false;
	}
	return true;
}

static const struct object_id *id_of(const struct turns *turns, size_t index)
{
	return turns->phase == TURNS_BY_NAME ? turns->names[index]
					     : turns->candidates.list[index].item->id;
}

/* This turn's job too, once there is another one: its thread would only wait for it. */
static void look_ahead(struct turns *turns)
{
	enum ahead_kind kind = job_kind_of(turns);
	size_t count =
		turns->phase == TURNS_BY_NAME ? turns->request->id_count : turns->candidates.count;
	bool begun = false;

	for (size_t i = turns->turn + 1; i < count && i - turns->turn <= LOOK_AHEAD; i++) {
		if (turns->phase == TURNS_BY_NAME ? !turns_id_is_wanted(turns, i)
						  : !candidate_is_due(turns, i))
			continue;
		if (!begun && !ahead_start(turns->ahead, kind, id_of(turns, turns->turn)))
			return;
		begun = true;
		if (!ahead_start(turns->ahead, kind, id_of(turns, i)))
			return;
	}
}

void turns_take(struct turns *turns, struct ahead_job *job)
{
	job->kind = job_kind_of(turns);
	job->id = id_of(turns, turns->turn);
	if (!turns->prepared) {
		job->result = vault_secret_prepare(turns->client, job->id,
						   job->kind == AHEAD_VERSIONS, &job->err);
		if (job->result != 0)
			return;
		turns->prepared = true;
	}
	look_ahead(turns);
	ahead_take(turns->ahead, job);
}

void turns_skip(struct turns *turns)
{
	ahead_drop(turns->ahead, job_kind_of(turns), id_of(turns, turns->turn));
}
