/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsers of the settings' values; see settings.h. */
#include "entra/identity/settings.h"

#include <string.h>

#include "entra/identity/tenant.h"

enum {
	IDENTITY_MAX = 512 /* characters */
};

static const char *const clouds[ENTRA_CLOUD_COUNT] = {
	[ENTRA_CLOUD_PUBLIC] = "public",
	[ENTRA_CLOUD_CHINA] = "china",
	[ENTRA_CLOUD_USGOV] = "usgov",
};

bool entra_cloud_parse(const char *name, enum entra_cloud *ret_cloud)
{
	for (unsigned int i = 0; i < ENTRA_CLOUD_COUNT; i++) {
		if (strcmp(name, clouds[i]) == 0) {
			*ret_cloud = (enum entra_cloud)i;
			return true;
		}
	}
	return false;
}

const char *entra_cloud_name(enum entra_cloud cloud)
{
	return clouds[cloud];
}

static const struct {
	const char *name;
	enum entra_credential credential;
} names[] = {
	{"auto", ENTRA_CREDENTIAL_AUTO},	 {"env", ENTRA_CREDENTIAL_ENV},
	{"workload", ENTRA_CREDENTIAL_WORKLOAD}, {"managed", ENTRA_CREDENTIAL_MANAGED},
	{"cli", ENTRA_CREDENTIAL_CLI},		 {"device", ENTRA_CREDENTIAL_DEVICE},
	{"token", ENTRA_CREDENTIAL_TOKEN},
};

bool entra_credential_parse(const char *name, enum entra_credential *ret_credential)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i].name) == 0) {
			*ret_credential = names[i].credential;
			return true;
		}
	}
	return false;
}

/* A resource id is a path of plain characters; an id of the other kinds a GUID. */
static bool identity_ok(const struct entra_identity *identity)
{
	size_t length = strlen(identity->value);

	if (identity->kind != ENTRA_IDENTITY_RESOURCE)
		return tenant_is_valid(identity->value);
	if (length > IDENTITY_MAX || identity->value[0] != '/')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (identity->value[i] <= 0x20 || identity->value[i] >= 0x7f)
			return false;
	}
	return true;
}

bool entra_identity_parse(const char *text, struct entra_identity *ret_identity)
{
	static const struct {
		const char *prefix;
		enum entra_identity_kind kind;
	} kinds[] = {
		{"client:", ENTRA_IDENTITY_CLIENT},
		{"object:", ENTRA_IDENTITY_OBJECT},
		{"resource:", ENTRA_IDENTITY_RESOURCE},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct entra_identity identity = {.kind = kinds[i].kind};

		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
			continue;
		identity.value = text + strlen(kinds[i].prefix);
		if (!identity_ok(&identity))
			return false;
		*ret_identity = identity;
		return true;
	}
	return false;
}
