/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matching of ADE's secrets with a disk's protectors; see ade.h. Pure. */
#include "keyvault/ade.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* "<GUID>.BEK", with or without the ending and braces. */
static bool file_name_guid(const char *name, struct guid *ret_guid)
{
	size_t length = strlen(name);

	if (length > 4 && strcasecmp(name + length - 4, ".BEK") == 0)
		length -= 4;
	return guid_parse(name, length, ret_guid);
}

static bool find_id(const struct ade_candidates *candidates, const struct guid *guid,
		    size_t *ret_index)
{
	for (size_t i = 0; i < candidates->id_count; i++) {
		if (guid_equal(&candidates->ids[i], guid)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

static bool is_of(const struct vault_secret *item, const char *machine)
{
	return machine && item->machine_name && strcasecmp(item->machine_name, machine) == 0;
}

static bool is_linux(const struct vault_secret *item)
{
	static const char name[] = "LinuxPassPhraseFileName";

	return item->file_name && strncasecmp(item->file_name, name, sizeof(name) - 1) == 0;
}

/* Other secrets carry a machine's name as well. */
static bool looks_like_bek(const struct vault_secret *item)
{
	bool bek = !is_linux(item) && item->content_type &&
		   (strcasecmp(item->content_type, "BEK") == 0 ||
		    strcasecmp(item->content_type, "Wrapped BEK") == 0);
	if (!bek && item->file_name) {
		size_t length = strlen(item->file_name);

		bek = length > 4 && strcasecmp(item->file_name + length - 4, ".BEK") == 0;
	}
	return bek;
}

const char *ade_foreign(const struct vault_secret *item, const char *machine)
{
	if (!is_of(item, machine) || looks_like_bek(item))
		return NULL;
	if (is_linux(item))
		return "is the pass phrase of a Linux disk";
	return "has no BEK's content type and no BEK's file name";
}

bool ade_has_expired(const struct vault_secret *item, int64_t now)
{
	return item->expires > 0 && item->expires <= now;
}

int ade_add(struct ade_candidates *candidates, struct vault_secret **item, enum ade_match match,
	    size_t wanted)
{
	struct ade_candidate *bigger;

	if (candidates->count == ADE_CANDIDATES_MAX)
		return -E2BIG;
	if ((candidates->count & (candidates->count - 1)) == 0) { /* full at a power of two */
		size_t room = candidates->count ? candidates->count * 2 : 1;

		bigger = reallocarray(candidates->list, room, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		candidates->list = bigger;
	}
	candidates->list[candidates->count++] = (struct ade_candidate){
		.item = TAKE(*item),
		.match = match,
		.wanted = wanted,
	};
	return 0;
}

int ade_consider(struct ade_candidates *candidates, struct vault_secret **item)
{
	const char *name = (*item)->id->name;
	struct guid guid;
	size_t wanted;

	if (guid_parse(name, strlen(name), &guid) && find_id(candidates, &guid, &wanted))
		return ade_add(candidates, item, ADE_BY_NAME, wanted);
	if ((*item)->file_name && file_name_guid((*item)->file_name, &guid) &&
	    find_id(candidates, &guid, &wanted))
		return ade_add(candidates, item, ADE_BY_FILE_NAME, wanted);
	if (is_of(*item, candidates->machine) && looks_like_bek(*item))
		return ade_add(candidates, item, ADE_BY_MACHINE, candidates->id_count);
	return 0;
}

static const char *letter_of(const struct ade_candidate *candidate)
{
	return candidate->item->volume_letter ? candidate->item->volume_letter : "";
}

static int compare_age(const struct ade_candidate *a, const struct ade_candidate *b)
{
	int names;

	if (a->item->created != b->item->created)
		return a->item->created > b->item->created ? -1 : 1;
	names = strcmp(a->item->id->name, b->item->id->name);
	return names ? names : strcmp(a->item->id->version, b->item->id->version);
}

static int compare_letters(const void *left, const void *right)
{
	const struct ade_candidate *a = left;
	const struct ade_candidate *b = right;
	int letters = strcasecmp(letter_of(a), letter_of(b));

	if (a->match != b->match)
		return a->match < b->match ? -1 : 1;
	return letters ? letters : compare_age(a, b);
}

static int compare(const void *left, const void *right, void *context)
{
	const struct ade_candidate *a = left;
	const struct ade_candidate *b = right;
	const int64_t *now = context;
	bool a_old = ade_has_expired(a->item, *now);
	int letters;

	if (a->wanted != b->wanted)
		return a->wanted < b->wanted ? -1 : 1;
	if (a_old != ade_has_expired(b->item, *now))
		return a_old ? 1 : -1;
	if (a->match != b->match)
		return a->match < b->match ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	letters = a->match == ADE_BY_MACHINE ? strcasecmp(letter_of(a), letter_of(b)) : 0;
	return letters ? letters : compare_age(a, b);
}

/* What is disabled or has expired is not what a volume uses now. */
static void set_ranks(struct ade_candidates *candidates)
{
	struct ade_candidate *list = candidates->list;
	size_t newer = 0;

	qsort(list, candidates->count, sizeof(*list), compare_letters);
	for (size_t i = 0; i < candidates->count; i++) {
		const struct vault_secret *item = list[i].item;

		if (list[i].match != ADE_BY_MACHINE)
			continue;
		if (i > 0 && strcasecmp(letter_of(&list[i - 1]), letter_of(&list[i])) != 0)
			newer = 0;
		list[i].rank = newer;
		if (item->enabled && !ade_has_expired(item, candidates->now))
			newer++;
	}
}

void ade_sort(struct ade_candidates *candidates)
{
	if (candidates->count < 2)
		return;
	set_ranks(candidates);
	qsort_r(candidates->list, candidates->count, sizeof(*candidates->list), compare,
		&candidates->now);
}

void ade_candidates_clear(struct ade_candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		vault_secret_free(candidates->list[i].item);
	free(candidates->list);
	candidates->list = NULL;
	candidates->count = 0;
}

bool ade_is_wrapped(const struct vault_secret *item, bool kek_given)
{
	if (item->kek_url)
		return true;
	if (!item->content_type)
		return kek_given;
	return strcasecmp(item->content_type, "Wrapped BEK") == 0 ||
	       (kek_given && strcasecmp(item->content_type, "BEK") != 0);
}
