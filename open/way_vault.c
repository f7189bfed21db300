/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BEK files out of vaults: a vault that is searched, a secret that is named, the secrets that az's
 * JSON names; and the preview of what they would fetch.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/smallfile.h"
#include "entra/entra.h"
#include "keyvault/azure_keys.h"
#include "keyvault/keyvault.h"
#include "open/secret_source.h"
#include "open/way.h"

enum {
	WANTED_IDS_MAX = 256
};

/* ------------------------------------------------------------------ session */

static int read_token(void *context, struct secret **ret_token, struct err *err)
{
	const struct attempt *attempt = context;

	return secret_source_read(attempt->request->token, "access token", false,
				  &attempt->request->caller, ret_token, err);
}

static void tell(void *context, const char *line)
{
	const struct attempt *attempt = context;
	const struct open_caller *caller = &attempt->request->caller;

	if (caller->tell)
		caller->tell(caller->context, line);
}

/* The session with the vaults, made when it is first needed. */
static int open_session(struct attempt *attempt, struct err *err)
{
	const struct open_request *request = attempt->request;
	struct entra_settings settings = request->signin;
	int result = 0;

	if (attempt->keyvault)
		return 0;
	settings.person = (struct entra_person){
		.tell = tell,
		.read_token = request->token ? read_token : NULL,
		.context = attempt,
		.present = request->caller.present,
	};
	if (!attempt->entra)
		result = entra_new(&settings, &attempt->entra, err);
	if (result == 0)
		result = keyvault_new(attempt->entra, request->trusted_hosts, &attempt->keyvault,
				      err);
	return result;
}

void way_vault_end(struct attempt *attempt)
{
	keyvault_free(attempt->keyvault);
	attempt->keyvault = NULL;
	entra_free(attempt->entra);
	attempt->entra = NULL;
}

void open_forget_environment(void)
{
	secret_environment_wipe("AZURE_CLIENT_SECRET");
	secret_environment_wipe("AZURE_CLIENT_CERTIFICATE_PASSWORD");
	secret_environment_wipe("IDENTITY_HEADER");
}

/* --------------------------------------------------------------- candidates */

/* A BEK out of the vault: whether it opens a volume. */
static int accept_bek(void *context, const struct secret *bek, const struct keyvault_origin *origin,
		      struct err *err)
{
	struct attempt *attempt = context;
	struct bde_key *key CLEANUP(bde_key_free) = NULL;
	char what[ERR_TEXT_MAX / 2];
	int result;

	(void)snprintf(what, sizeof(what), "secret '%s'", origin->secret_url);
	result = bde_key_from_bek(secret_bytes(bek), secret_size(bek), what, &key, err);
	if (result == -ENOMEM)
		return result;
	if (result < 0) { /* a broken secret is not a missing one */
		err_hint(err,
			 "it was overwritten, or Azure Disk Encryption did not make it; az "
			 "keyvault secret list-versions shows older versions, and --secret takes "
			 "the URL of one");
		log_info("%s", err->message);
		attempt_note_misfit(attempt, err);
		return -ENOKEY;
	}
	if (attempt_try_key(attempt, key, bek, origin))
		return 0;
	*err = attempt->misfit;
	return -ENOKEY;
}

static bool is_planned(const struct open_plan *plan, const struct guid *id)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->rows[i].has_id && guid_equal(&plan->rows[i].id, id))
			return true;
	}
	return false;
}

/* The startup-key protectors of all volumes that are still locked, so that one listing serves all.
 */
static size_t wanted_ids(const struct attempt *attempt, struct guid *ids, size_t capacity)
{
	const struct opened_disk *disk = attempt->disk;
	size_t count = 0;

	for (size_t i = 0; i < disk->count; i++) {
		const struct bde_info *info;

		if (!attempt_wants_key(&disk->volumes[i]))
			continue;
		info = bde_metadata_info(disk->volumes[i].metadata);
		for (size_t k = 0; k < info->protector_count && count < capacity; k++) {
			if (info->protectors[k].type == BDE_PROTECTOR_STARTUP_KEY &&
			    !(attempt->plan && is_planned(attempt->plan, &info->protectors[k].id)))
				ids[count++] = info->protectors[k].id;
		}
	}
	return count;
}

/* Another protector of the same volume may have opened it. */
static bool is_wanted(void *context, const struct guid *id)
{
	const struct attempt *attempt = context;
	struct guid ids[WANTED_IDS_MAX];
	size_t count = wanted_ids(attempt, ids, WANTED_IDS_MAX);

	for (size_t i = 0; i < count; i++) {
		if (guid_equal(&ids[i], id))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ preview */

/* The volume that has this protector; 0 when none is locked by it. */
static unsigned int volume_of(const struct opened_disk *disk, const struct guid *id)
{
	for (size_t i = 0; i < disk->count; i++) {
		const struct opened_volume *volume = &disk->volumes[i];

		if (attempt_wants_key(volume) &&
		    bde_info_protector(bde_metadata_info(volume->metadata), id))
			return volume->partition->number;
	}
	return 0;
}

/* By the secret's name or its tag, "<GUID>.BEK": what the user named himself has no identifier. */
static bool guess_id(const struct keyvault_origin *origin, struct guid *ret_id)
{
	const char *file = origin->file_name;
	size_t length = file ? strcspn(file, ".") : 0;

	return guid_parse(origin->name, strlen(origin->name), ret_id) ||
	       (file && guid_parse(file, length, ret_id));
}

static int plan_bek(void *context, const struct guid *id, const struct keyvault_origin *origin,
		    struct err *err)
{
	struct attempt *attempt = context;
	struct open_plan *plan = attempt->plan;
	struct open_plan_row *rows;
	struct open_plan_row *row;

	if (plan->count == OPEN_PLAN_MAX)
		return err_set(err, ERR_OTHER, E2BIG, "more than %d secrets to try", OPEN_PLAN_MAX);
	rows = reallocarray(plan->rows, plan->count + 1, sizeof(*rows));
	if (!rows)
		return err_nomem(err);
	plan->rows = rows;
	row = &rows[plan->count++];
	*row = (struct open_plan_row){0};
	row->has_id = id || guess_id(origin, &row->id);
	if (id)
		row->id = *id;
	row->volume = row->has_id ? volume_of(attempt->disk, &row->id) : 0;
	open_origin_copy(origin, &row->origin);
	return 0;
}

static struct keyvault_request request_of(struct attempt *attempt)
{
	return (struct keyvault_request){
		.preview = attempt->plan ? plan_bek : NULL,
		.vm = attempt->request->vm,
		.kek = attempt->request->kek,
		.accept = accept_bek,
		.wanted = is_wanted,
		.context = attempt,
	};
}

static int search_vault(struct attempt *attempt, const char *vault, struct err *err)
{
	struct guid ids[WANTED_IDS_MAX];
	size_t count = wanted_ids(attempt, ids, WANTED_IDS_MAX);
	struct keyvault_request request = request_of(attempt);
	size_t found = 0;
	struct err why = {0};
	int result;

	if (count == 0 && !attempt->request->vm) {
		log_warning("vault '%s' is not searched: no locked volume has a startup key (BEK) "
			    "protector",
			    vault);
		return 0;
	}
	result = open_session(attempt, err);
	if (result < 0)
		return result;
	request.vault = vault;
	request.ids = ids;
	request.id_count = count;
	result = keyvault_search(attempt->keyvault, &request, &found, &why);
	if (result < 0 && result != -ENOKEY) {
		attempt_note_failure(attempt, &why);
	} else if (found == 0 && attempt->misfit.kind == ERR_NONE) {
		err_set(&why, ERR_KEY, ENOKEY,
			"vault '%s' holds no secret for the protectors of this disk", vault);
		err_hint(&why,
			 "try another vault (the VM's encryption settings name it), or give --vm "
			 "NAME, --azure-json FILE or --secret URL");
		attempt_note_misfit(attempt, &why);
	}
	return 0;
}

static bool is_url(const char *text)
{
	return strstr(text, "://") != NULL;
}

/*
 * One secret of one vault. Failures are noted, but that it is not there, which *ret_absent then
 * says: another vault may have it.
 */
static int get_secret(struct attempt *attempt, const struct keyvault_request *request,
		      const char *secret, struct err *ret_absent, struct err *err)
{
	struct err why = {0};
	int result = open_session(attempt, err);

	if (result < 0)
		return result;
	result = keyvault_get(attempt->keyvault, request, secret, &why);
	*ret_absent = (struct err){0};
	if (result == -ENOENT)
		*ret_absent = why;
	else if (result == -ENOKEY)
		attempt->misfit = why;
	else if (result < 0)
		attempt_note_failure(attempt, &why);
	return 0;
}

/* A secret that only one place can have. */
static int get_only_secret(struct attempt *attempt, const struct keyvault_request *request,
			   const char *url, struct err *err)
{
	struct err absent;
	int result = get_secret(attempt, request, url, &absent, err);

	if (result == 0 && absent.kind != ERR_NONE)
		attempt_note_failure(attempt, &absent);
	return result;
}

/* A name is looked up in each vault in turn, until one of them has it. */
static int try_named_secret(struct attempt *attempt, const char *secret, struct err *err)
{
	const struct open_request *all = attempt->request;
	struct keyvault_request request = request_of(attempt);
	struct err first = {0};

	for (size_t i = 0; i < all->key_count; i++) {
		struct err absent;
		int result;

		if (all->keys[i].kind != OPEN_KEY_VAULT)
			continue;
		request.vault = all->keys[i].value;
		result = get_secret(attempt, &request, secret, &absent, err);
		if (result < 0 || absent.kind == ERR_NONE)
			return result;
		if (first.kind == ERR_NONE)
			first = absent;
	}
	if (request.vault) {
		attempt_note_failure(attempt, &first);
		return 0;
	}
	err_set(err, ERR_USAGE, EINVAL, "--secret '%s' is a name, and no vault was given", secret);
	err_hint(err, "add --vault NAME, or give the secret's whole https URL");
	return -EINVAL;
}

int way_vault_secret(struct attempt *attempt, const struct open_key *given, struct err *err)
{
	struct keyvault_request request = request_of(attempt);

	if (!is_url(given->value))
		return try_named_secret(attempt, given->value, err);
	return get_only_secret(attempt, &request, given->value, err);
}

static int read_json_file(const char *path, char **ret_text, size_t *ret_size, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int result;

	if (fd < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", path);
	result = smallfile_read_plain(fd, AZURE_KEYS_TEXT_MAX, ret_text, ret_size);
	(void)close(fd);
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result == -EFBIG)
		return err_set(err, ERR_USAGE, EFBIG, "'%s' has more than %d bytes", path,
			       AZURE_KEYS_TEXT_MAX);
	if (result < 0)
		return err_errno(err, ERR_USAGE, -result, "cannot read '%s'", path);
	return 0;
}

/* Each secret that the disk's or VM's settings name, with the KEK that they name beside it. */
int way_azure_json(struct attempt *attempt, const struct open_key *given, struct err *err)
{
	const char *path = given->value;
	struct azure_keys keys CLEANUP(azure_keys_clear) = {0};
	char *text CLEANUP(free) = NULL;
	size_t size = 0;
	int result = read_json_file(path, &text, &size, err);

	if (result == 0)
		result = azure_keys_parse(text, size, &keys, err);
	if (result < 0) {
		err_prefix(err, "--azure-json '%s'", path);
		return result;
	}
	for (size_t i = 0; i < keys.count && result == 0; i++) {
		struct keyvault_request request = request_of(attempt);

		if (!attempt_wants_any(attempt))
			break;
		request.option = "--azure-json";
		if (!request.kek)
			request.kek = keys.list[i].kek_url;
		result = get_only_secret(attempt, &request, keys.list[i].secret_url, err);
	}
	return result;
}

/* A secret that is named says where to look in the vault: the vault is not searched then. */
static bool vault_is_searched(const struct open_request *request)
{
	for (size_t i = 0; i < request->key_count; i++) {
		if (request->keys[i].kind == OPEN_KEY_SECRET && !is_url(request->keys[i].value))
			return false;
	}
	return true;
}

int way_vault(struct attempt *attempt, const struct open_key *given, struct err *err)
{
	return vault_is_searched(attempt->request) ? search_vault(attempt, given->value, err) : 0;
}
