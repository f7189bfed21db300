/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row for each method; see method.h. */
#include "bde/format/method.h"

#include <string.h>

static const struct method {
	const char *name;
	uint16_t id;
	bool xts;
	uint8_t key_size;
	uint8_t tweak_at; /* in the FVEK; 0: one key */
	uint8_t fvek_size;
} methods[] = {
	{"none", BDE_METHOD_NONE, false, 0, 0, 0},
	{"AES-CBC 128 with Elephant diffuser", BDE_METHOD_CBC_128_DIFFUSER, false, 16, 32, 64},
	{"AES-CBC 256 with Elephant diffuser", BDE_METHOD_CBC_256_DIFFUSER, false, 32, 32, 64},
	{"AES-CBC 128", BDE_METHOD_CBC_128, false, 16, 0, 16},
	{"AES-CBC 256", BDE_METHOD_CBC_256, false, 32, 0, 32},
	{"AES-XTS 128", BDE_METHOD_XTS_128, true, 16, 16, 32},
	{"AES-XTS 256", BDE_METHOD_XTS_256, true, 32, 32, 64},
};

static const struct method *find(uint16_t id)
{
	static const struct method unknown = {.name = "unknown"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].id == id)
			return &methods[i];
	}
	return &unknown;
}

const char *bde_method_name(uint16_t method)
{
	return find(method)->name;
}

size_t method_fvek_size(uint16_t method)
{
	return find(method)->fvek_size;
}

size_t method_keys_size(uint16_t method)
{
	const struct method *found = find(method);

	return found->tweak_at > 0 ? (size_t)2 * found->key_size : found->key_size;
}

bool method_split_fvek(uint16_t method, const struct secret *fvek, struct method_keys *ret_keys)
{
	const struct method *found = find(method);
	const uint8_t *bytes = secret_bytes(fvek);

	if (found->fvek_size == 0 || secret_size(fvek) != found->fvek_size)
		return false;
	*ret_keys = (struct method_keys){
		.xts = found->xts,
		.size = found->key_size,
		.data = bytes,
		.tweak = found->tweak_at > 0 ? bytes + found->tweak_at : NULL,
	};
	return true;
}

struct secret *method_join_keys(uint16_t method, const struct secret *keys)
{
	const struct method *found = find(method);
	const uint8_t *bytes = secret_bytes(keys);
	struct secret *fvek = secret_new(found->fvek_size);

	if (!fvek)
		return NULL;
	memcpy(secret_data(fvek), bytes, found->key_size);
	if (found->tweak_at > 0)
		memcpy(secret_data(fvek) + found->tweak_at, bytes + found->key_size,
		       found->key_size);
	return fvek;
}
