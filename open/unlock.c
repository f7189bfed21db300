/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk with keys: open_disk(), open_unlock() and open_preview(); see open.h. */
#include <errno.h>

#include "base/log.h"
#include "open/locked.h"
#include "open/plain_disk.h"
#include "open/way.h"

static const struct {
	enum open_key_kind kind;
	int (*try)(struct attempt *attempt, const struct open_key *given, struct err *err);
} ways[] = {
	{OPEN_KEY_BEK, way_bek},
	{OPEN_KEY_RECOVERY_PASSWORD, way_secret},
	{OPEN_KEY_PASSWORD, way_secret},
	{OPEN_KEY_VMK, way_secret},
	{OPEN_KEY_FVEK, way_secret},
	{OPEN_KEY_VAULT, way_vault},
	{OPEN_KEY_SECRET, way_vault_secret},
	{OPEN_KEY_AZURE_JSON, way_azure_json},
};

static int try_given(struct attempt *attempt, const struct open_key *given, struct err *err)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].kind == given->kind)
			return ways[i].try(attempt, given, err);
	}
	return err_set(err, ERR_OTHER, EINVAL, "unknown kind of key: %d", (int)given->kind);
}

static int try_all(struct attempt *attempt, struct err *err)
{
	const struct open_request *request = attempt->request;
	int result = attempt_try_clear_key(attempt, err);

	for (size_t i = 0; result == 0 && i < request->key_count; i++) {
		if (!attempt_wants_any(attempt))
			break;
		result = try_given(attempt, &request->keys[i], err);
	}
	way_vault_end(attempt);
	return result;
}

static int check_volume(const struct opened_disk *disk, unsigned int number, struct err *err)
{
	if (number == 0 || opened_find(disk, number))
		return 0;
	err_set(err, ERR_USAGE, EINVAL, "this disk has no partition %u", number);
	err_hint(err, "'adefuse info DISK' lists them");
	return -EINVAL;
}

/* What came of keys that were tried before. */
static void forget_attempt(struct opened_disk *disk)
{
	source_unref(disk->plain);
	disk->plain = NULL;
	for (size_t i = 0; i < disk->count; i++) {
		struct opened_volume *volume = &disk->volumes[i];

		volume->misfit = (struct err){0};
		if (volume->key_missing)
			volume->reason = (struct err){0};
		volume->key_missing = false;
	}
}

int open_unlock(struct opened_disk *disk, const struct open_request *request, struct err *err)
{
	struct attempt attempt = {.disk = disk, .request = request};
	int result = check_volume(disk, request->volume, err);

	if (result == 0) {
		forget_attempt(disk);
		result = try_all(&attempt, err);
	}
	if (result < 0)
		return result;
	for (size_t i = 0; i < disk->count; i++) {
		if (attempt_wants_key(&disk->volumes[i]))
			locked_explain(&attempt, &disk->volumes[i]);
	}
	return plain_disk_make(disk, err);
}

int open_disk(const struct open_request *request, struct opened_disk **ret_disk, struct err *err)
{
	struct opened_disk *disk CLEANUP(opened_free) = NULL;
	int result = open_survey(request, &disk, err);

	if (result == 0)
		result = open_unlock(disk, request, err);
	if (result == 0)
		*ret_disk = TAKE(disk);
	return result;
}

/* ------------------------------------------------------------------ preview */

int open_preview(struct opened_disk *disk, const struct open_request *request,
		 struct open_plan *ret_plan, struct err *err)
{
	struct open_plan plan CLEANUP(open_plan_clear) = {0};
	struct attempt attempt = {.disk = disk, .request = request, .plan = &plan};
	int result = try_all(&attempt, err);

	if (result < 0)
		return result;
	for (size_t i = 0; i < disk->count; i++) {
		struct opened_volume *volume = &disk->volumes[i];

		if (attempt_wants_key(volume) && !open_plan_has(&plan, volume->partition->number))
			locked_explain(&attempt, volume);
	}
	if (attempt.failure.kind != ERR_NONE && plan.count > 0)
		log_warning("%s", attempt.failure.message);
	*ret_plan = plan;
	plan = (struct open_plan){0};
	return 0;
}

bool open_plan_has(const struct open_plan *plan, unsigned int volume)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->rows[i].volume == volume)
			return true;
	}
	return false;
}

void open_plan_clear(struct open_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		open_origin_clear(&plan->rows[i].origin);
	free(plan->rows);
	*plan = (struct open_plan){0};
}
