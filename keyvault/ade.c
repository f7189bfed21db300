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

/* Only what looks like a BEK: a machine's name stands on other secrets as well. */
static bool is_bek_of(const struct secret_item *item, const char *machine)
{
	bool bek;

	if (!machine || !item->machine_name || strcasecmp(item->machine_name, machine) != 0)
		return false;
	bek = item->content_type && (strcasecmp(item->content_type, "BEK") == 0 ||
				     strcasecmp(item->content_type, "Wrapped BEK") == 0);
	if (!bek && item->file_name) {
		size_t length = strlen(item->file_name);

		bek = length > 4 && strcasecmp(item->file_name + length - 4, ".BEK") == 0;
	}
	return bek;
}

int ade_add(struct ade_candidates *candidates, struct secret_item **item, enum ade_match match,
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

int ade_consider(struct ade_candidates *candidates, struct secret_item **item)
{
	const char *name = (*item)->id->name;
	struct guid guid;
	size_t wanted;

	if (guid_parse(name, strlen(name), &guid) && find_id(candidates, &guid, &wanted))
		return ade_add(candidates, item, ADE_BY_NAME, wanted);
	if ((*item)->file_name && file_name_guid((*item)->file_name, &guid) &&
	    find_id(candidates, &guid, &wanted))
		return ade_add(candidates, item, ADE_BY_FILE_NAME, wanted);
	if (is_bek_of(*item, candidates->machine))
		return ade_add(candidates, item, ADE_BY_MACHINE, candidates->id_count);
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct ade_candidate *a = left;
	const struct ade_candidate *b = right;
	int names;

	if (a->wanted != b->wanted)
		return a->wanted < b->wanted ? -1 : 1;
	if (a->match != b->match)
		return a->match < b->match ? -1 : 1;
	if (a->item->created != b->item->created)
		return a->item->created > b->item->created ? -1 : 1;
	names = strcmp(a->item->id->name, b->item->id->name);
	return names ? names : strcmp(a->item->id->version, b->item->id->version);
}

void ade_sort(struct ade_candidates *candidates)
{
	if (candidates->count > 1)
		qsort(candidates->list, candidates->count, sizeof(*candidates->list), compare);
}

void ade_candidates_clear(struct ade_candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		secret_item_free(candidates->list[i].item);
	free(candidates->list);
	candidates->list = NULL;
	candidates->count = 0;
}

bool ade_is_wrapped(const struct secret_item *item, bool kek_given)
{
	if (item->kek_url)
		return true;
	if (!item->content_type)
		return kek_given;
	return strcasecmp(item->content_type, "Wrapped BEK") == 0 ||
	       (kek_given && strcasecmp(item->content_type, "BEK") != 0);
}
