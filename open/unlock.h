/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trying the user's KEYS on the volumes of a disk: the only place where BitLocker meets Key Vault.
 */
#ifndef ADEFUSE_OPEN_UNLOCK_H
#define ADEFUSE_OPEN_UNLOCK_H

#include "cli/options.h"
#include "open/survey.h"

/*
 * Try the clear key, then KEYS in the order given, until no volume is locked; nothing is read,
 * asked or fetched that is not needed for that. Each volume that opens has its `plain` set, each
 * that does not its reason.
 *
 * 0 also when volumes stay locked; see unlock_verdict(). Fails only when a key cannot be used at
 * all (a file that is not there, a recovery password with a wrong digit), or --volume names none of
 * the disk's: what the user gave is wrong then, and going on would hide it.
 */
int unlock_survey(struct survey *survey, const struct options *options, struct err *err);

/*
 * 0 when something is readable: the disk has no BitLocker volume, or at least one of them is open.
 * Else the error of the first one, and -ENOKEY.
 */
int unlock_verdict(const struct survey *survey, struct err *err);

enum {
	UNLOCK_ROWS_MAX = 4096
};

/* A secret that would be fetched. */
struct unlock_row {
	unsigned int volume; /* partition's number; 0 when that cannot be told beforehand */
	bool has_id;
	struct guid id; /* the protector's identifier, as far as names and tags tell it */
	struct survey_origin origin;
};

struct unlock_plan {
	size_t count;
	struct unlock_row
		*rows; /* in the order of trial: for a volume the first that fits ends it */
};

void unlock_plan_clear(struct unlock_plan *plan);
static inline __attribute__((unused)) void unlock_plan_clear_cleanup(struct unlock_plan *plan)
{
	unlock_plan_clear(plan);
}

bool unlock_plan_has(const struct unlock_plan *plan, unsigned int volume);

/*
 * As unlock_survey(), but of vaults only names, versions and tags are asked: no secret's value is
 * fetched and no key is used. Needs the right to list. Volumes with nothing in the plan get their
 * reason.
 */
int unlock_preview(struct survey *survey, const struct options *options,
		   struct unlock_plan *ret_plan, struct err *err);

#endif
