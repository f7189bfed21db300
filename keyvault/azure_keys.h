/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What Azure records about the keys of an encrypted disk, in the JSON that `az disk show`,
 * `az vm show` and their REST answers give:
 *
 *   disk  encryptionSettingsCollection.encryptionSettings[]     az flattens .properties away
 *   VM    storageProfile.osDisk.encryptionSettings              the same
 *   VM    instanceView.disks[].encryptionSettings[]         az vm get-instance-view
 *   VM    disks[].encryptionSettings[]                      az vm encryption show
 *
 * each with diskEncryptionKey.secretUrl and, when wrapped, keyEncryptionKey.keyUrl beside it. The
 * pair is looked for at any depth, so that lists of disks and parts cut out with --query work, too;
 * names that begin in upper case, as PowerShell writes them, are accepted.
 *
 * The URLs are foreign text: they are checked when they are used, as any other.
 */
#ifndef ADEFUSE_KEYVAULT_AZURE_KEYS_H
#define ADEFUSE_KEYVAULT_AZURE_KEYS_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"

enum {
	AZURE_KEYS_TEXT_MAX = 4 << 20, /* bytes: hundreds of disks */
	AZURE_KEYS_MAX = 64
};

struct azure_key {
	char *secret_url;
	char *kek_url; /* NULL: not wrapped, or left to the secret's tag */
};

struct azure_keys {
	size_t count;
	struct azure_key list[AZURE_KEYS_MAX];
};

void azure_keys_clear(struct azure_keys *keys);
DEFINE_CLEAR(struct azure_keys, azure_keys_clear)

/*
 * Pure. `keys` begins empty, and holds each pair once, in the order of the text. -EINVAL with
 * ERR_USAGE when it is no such JSON or names no key; -ENOMEM. The caller clears `keys` in any case.
 */
int azure_keys_parse(const char *text, size_t length, struct azure_keys *keys, struct err *err);

#endif
