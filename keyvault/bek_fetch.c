/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Getting and unwrapping one BEK; see bek_fetch.h. */
#include "keyvault/bek_fetch.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/text/base64.h"
#include "keyvault/ade.h"
#include "keyvault/client/unwrap.h"
#include "keyvault/portal.h"

void bek_fetch_result_clear(struct bek_fetch_result *fetched)
{
	vault_secret_free(fetched->item);
	secret_free(fetched->bytes);
	object_id_free(fetched->kek);
	*fetched = (struct bek_fetch_result){0};
}

static int tag_kek(const struct vault_secret *item, struct object_id **ret_kek, struct err *err)
{
	int result;

	if (!item->kek_url) {
		result = err_set(err, ERR_KEY, ENOENT,
				 "secret '%s' is a wrapped BEK, but no tag of it names its KEK",
				 item->id->name);
		err_hint(err, "name the key with --kek https://VAULT/keys/NAME/VERSION");
		return result;
	}
	result = object_id_parse(item->kek_url, "keys", ret_kek, err);
	if (result == -ENOMEM || result == 0)
		return result;
	result = err_set(err, ERR_KEY, EINVAL,
			 "the tag of secret '%s' does not hold a usable KEK URL", item->id->name);
	err_hint(err, "name the key with --kek https://VAULT/keys/NAME/VERSION");
	return result;
}

int bek_fetch_choose_kek(const struct vault_secret *item, const char *kek,
			 struct object_id **ret_kek, struct err *err)
{
	struct object_id *chosen CLEANUP(object_id_free) = NULL;
	struct object_id *tagged CLEANUP(object_id_free) = NULL;
	int result;

	if (!kek)
		return tag_kek(item, ret_kek, err);
	if (strncasecmp(kek, "https:", 6) == 0)
		result = portal_object_parse(kek, "keys", &chosen, err);
	else
		result = object_id_make(item->id->vault, kek, NULL, &chosen, err);
	if (result != 0) {
		err_prefix(err, "--kek");
		return result;
	}
	if (!chosen->version[0] && item->kek_url &&
	    object_id_parse(item->kek_url, "keys", &tagged, NULL) == 0 &&
	    strcasecmp(tagged->name, chosen->name) == 0)
		memcpy(chosen->version, tagged->version, sizeof(chosen->version));
	*ret_kek = TAKE(chosen);
	return 0;
}

static int choose_algorithm(const struct vault_secret *item, const char **ret_algorithm,
			    struct err *err)
{
	const char *algorithm =
		unwrap_algorithm(item->algorithm ? item->algorithm : BEK_ALGORITHM_DEFAULT);
	int result;

	if (algorithm) {
		*ret_algorithm = algorithm;
		return 0;
	}
	result = err_set(err, ERR_KEY, ENOTSUP,
			 "secret '%s' is wrapped with '%.40s', which is not a known algorithm",
			 item->id->name, item->algorithm);
	err_hint(err, "the known algorithms are RSA-OAEP, RSA-OAEP-256 and RSA1_5");
	return result;
}

/*
 * The tags are only notes: when the vault says that the ciphertext does not fit (and nothing else
 * is wrong), another algorithm may have been used. PKCS #1 v1.5 comes last: it is the one that can
 * accept a wrong ciphertext.
 */
static int unwrap_any(struct vault_client *client, const struct object_id *kek, const char *first,
		      const struct secret *value, struct bek_fetch_result *fetched, struct err *err)
{
	static const char *const others[] = {"RSA-OAEP", "RSA-OAEP-256", "RSA1_5"};
	struct err why = {0};
	int result = unwrap_key(client, kek, first, value, &fetched->bytes, &fetched->kek, &why);

	fetched->algorithm = first;
	for (size_t i = 0; result == -EKEYREJECTED && i < sizeof(others) / sizeof(others[0]); i++) {
		struct err other = {0};
		int other_result;

		if (strcmp(others[i], first) == 0)
			continue;
		log_info("%s; trying %s", why.message, others[i]);
		other_result = unwrap_key(client, kek, others[i], value, &fetched->bytes,
					  &fetched->kek, &other);
		if (other_result == -EKEYREJECTED)
			continue; /* the first refusal is reported */
		result = other_result;
		why = other;
		fetched->algorithm = others[i];
		if (result == 0)
			log_warning("secret '%s': its tag says %s, but its KEK unwraps it with %s",
				    fetched->item->id->name, first, others[i]);
	}
	if (result != 0 && err)
		*err = why;
	return result;
}

/* What can be done about a missing KEK depends on where its name came from. */
static void explain_missing(const struct object_id *kek, bool given, struct err *err)
{
	char name[128];
	char message[ERR_TEXT_MAX];

	if (given)
		return;
	vault_cloud_vault_name(kek->vault, name, sizeof(name));
	memcpy(message, err->message, sizeof(message));
	(void)err_set(err, ERR_NOT_FOUND, ENOENT,
		      "%s, which its tag DiskEncryptionKeyEncryptionKeyURL names", message);
	if (kek->version[0])
		err_hint(err,
			 "was the key rotated and that version purged, or the key replaced? See az "
			 "keyvault key list-versions --vault-name %s --name %s and az keyvault key "
			 "list-deleted --vault-name %s; a backup comes back with az keyvault key "
			 "restore; --kek names another key or version",
			 name, kek->name, name);
}

static int unwrap(struct vault_client *client, const struct secret *value, const char *kek,
		  struct bek_fetch_result *fetched, struct err *err)
{
	struct object_id *chosen CLEANUP(object_id_free) = NULL;
	const char *algorithm = NULL;
	struct err why = {0};
	int result = bek_fetch_choose_kek(fetched->item, kek, &chosen, &why);

	if (result == 0)
		result = choose_algorithm(fetched->item, &algorithm, &why);
	if (result == 0 && chosen && algorithm) { /* both are set; the analyser needs to see it */
		result = unwrap_any(client, chosen, algorithm, value, fetched, &why);
		if (result == -ENOENT)
			explain_missing(chosen, kek != NULL, &why);
	}
	if (result == 0)
		return 0;
	fetched->algorithm = NULL;
	fetched->unwrap_failed = result != -ENOMEM && result != -EINTR;
	if (err)
		*err = why;
	err_prefix(err, "secret '%s'", fetched->item->id->name);
	return result;
}

static int decode(const struct secret *value, struct bek_fetch_result *fetched, struct err *err)
{
	int result = base64_decode(secret_text(value), secret_size(value), &fetched->bytes);

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result != 0) {
		result = err_set(err, ERR_KEY, EBADMSG,
				 "secret '%s' is not a BEK: its value is not base64",
				 fetched->item->id->name);
		err_hint(err, "check that Azure Disk Encryption wrote this secret");
	}
	return result;
}

int bek_fetch(struct vault_client *client, const struct object_id *id, const char *kek,
	      struct bek_fetch_result *fetched, struct err *err)
{
	struct secret *value CLEANUP(secret_free) = NULL;
	int result = vault_secret_fetch(client, id, &fetched->item, &value, err);

	if (result != 0)
		return result;
	if (ade_is_wrapped(fetched->item, kek != NULL))
		result = unwrap(client, value, kek, fetched, err);
	else
		result = decode(value, fetched, err);
	if (result == 0 && secret_size(fetched->bytes) == 0) {
		result = err_set(err, ERR_KEY, EBADMSG, "secret '%s' is empty", id->name);
		err_hint(err, "check that Azure Disk Encryption wrote this secret");
	}
	return result;
}
