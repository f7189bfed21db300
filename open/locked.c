/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why volumes stay locked; see locked.h, and open_verdict() in open.h. */
#include "open/locked.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* By what a user can give; what a TPM or a card holds is of no use elsewhere. */
static void hint_keys(const struct bde_info *info, struct err *err)
{
	static const struct {
		uint16_t type;
		const char *option;
	} ways[] = {
		{BDE_PROTECTOR_STARTUP_KEY, "--vault NAME, --bek PATH"},
		{BDE_PROTECTOR_RECOVERY_PASSWORD, "--recovery-password SRC"},
		{BDE_PROTECTOR_PASSWORD, "--password SRC"},
	};
	char text[ERR_TEXT_MAX / 2];
	size_t used = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (bde_info_has(info, ways[i].type))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used > 0 ? ", " : "", ways[i].option);
	}
	if (used == 0)
		err_hint(err,
			 "its protectors work only on its own machine or with its card; give an "
			 "FVEK or a VMK instead (--fvek SRC, --vmk SRC)");
	else if (bde_info_has(info, BDE_PROTECTOR_STARTUP_KEY))
		err_hint(err, "give one of %s", text);
	else if (bde_info_has(info, BDE_PROTECTOR_RECOVERY_PASSWORD))
		err_hint(err,
			 "give %s; Entra ID, Active Directory or a Microsoft account may have the "
			 "recovery password: look for its identifier",
			 text);
	else
		err_hint(err, "give %s", text);
}

void locked_explain(const struct attempt *attempt, struct opened_volume *volume)
{
	struct err err = {0};

	if (attempt->failure.kind != ERR_NONE) {
		err = attempt->failure;
	} else if (attempt->keys_tried == 0) {
		err_set(&err, ERR_KEY, ENOKEY, "no key was given");
		hint_keys(bde_metadata_info(volume->metadata), &err);
	} else if (attempt->keys_tried == 1) {
		err = volume->misfit.kind != ERR_NONE ? volume->misfit : attempt->misfit;
	} else {
		err_set(&err, ERR_KEY, ENOKEY, "none of the %zu keys fits", attempt->keys_tried);
		err_hint(&err, "use -v to see why each key does not fit");
	}
	opened_set_reason(volume, &err);
	volume->key_missing = true;
}

/* "startup key (BEK) 4381F759-..., recovery password 294BC732-..." */
static void list_protectors(const struct bde_info *info, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < info->protector_count && used < size; i++) {
		int length = snprintf(text + used, size - used, "%s%s %s", i > 0 ? ", " : "",
				      bde_protector_type_name(info->protectors[i].type),
				      guid_format(&info->protectors[i].id).text);

		if (length < 0)
			return;
		used += (size_t)length;
	}
}

/* What could open it: the user has to know what to look for. */
static void append_protectors(const struct bde_info *info, struct err *err)
{
	char protectors[ERR_TEXT_MAX / 2];
	size_t used = strlen(err->message);

	list_protectors(info, protectors, sizeof(protectors));
	(void)snprintf(err->message + used, sizeof(err->message) - used,
		       "; the volume is opened by: %s",
		       info->protector_count > 0 ? protectors : "no protectors");
}

int open_verdict(const struct opened_disk *disk, struct err *err)
{
	const struct opened_volume *first = NULL;

	for (size_t i = 0; i < disk->count; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		if (!opened_is_bitlocker(volume))
			continue;
		if (volume->plain)
			return 0;
		if (!first)
			first = volume;
	}
	if (!first)
		return 0;
	*err = first->reason;
	if (err->kind == ERR_NONE)
		err_set(err, ERR_KEY, ENOKEY, "no key was tried");
	if (err->kind == ERR_KEY && first->metadata && !err->lists_keys)
		append_protectors(bde_metadata_info(first->metadata), err);
	/* what an option or a vault does wrong is not the volume's */
	if (err->kind == ERR_KEY || err->kind == ERR_DISK)
		err_prefix(err, "p%u", first->partition->number);
	return -ENOKEY;
}
