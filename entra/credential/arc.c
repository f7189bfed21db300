/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key file of Azure Arc's challenge; see arc.h. */
#include "entra/credential/arc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/smallfile.h"

static bool name_ok(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strlen(name);

	return length > 4 && name[0] != '.' && strspn(name, allowed) == length &&
	       strcmp(name + length - 4, ".key") == 0;
}

int arc_parse_realm(const char *header, const char *folder, char ret_path[ARC_PATH_MAX],
		    struct err *err)
{
	static const char start[] = "Basic realm=";
	char path[ARC_PATH_MAX];
	size_t length;
	int result;

	if (!header || strncasecmp(header, start, sizeof(start) - 1) != 0)
		return err_set(err, ERR_NETWORK, EPROTO, "Azure Arc's challenge is not understood");
	header += sizeof(start) - 1;
	length = strlen(header);
	if (length >= 2 && header[0] == '"' && header[length - 1] == '"') {
		header++;
		length -= 2;
	}
	if (length < sizeof(path)) {
		memcpy(path, header, length);
		path[length] = '\0';
		if (strncmp(path, folder, strlen(folder)) == 0 && name_ok(path + strlen(folder))) {
			memcpy(ret_path, path, length + 1);
			return 0;
		}
	}
	result = err_set(
		err, ERR_SIGNIN, EPERM,
		"Azure Arc's challenge names a file that is not a key in %s; it is not read",
		folder);
	err_hint(err, "check that IDENTITY_ENDPOINT is Azure Arc's own");
	return result;
}

static int cannot_use(int result, const char *path, struct err *err)
{
	if (result == -ENOMEM)
		return err_nomem(err);
	if (result == -EACCES) {
		result = err_set(err, ERR_SIGNIN, EACCES, "Azure Arc's key '%s' may not be read",
				 path);
		err_hint(err, "run as root, or as a member of the group himds");
		return result;
	}
	if (result == -ELOOP || result == -EINVAL)
		result =
			err_set(err, ERR_SIGNIN, EPERM,
				"Azure Arc's key '%s' is not a regular file; it is not read", path);
	else if (result == -EFBIG)
		result = err_set(err, ERR_SIGNIN, EPERM,
				 "Azure Arc's key '%s' has more than %d bytes; it is not sent",
				 path, ARC_KEY_MAX);
	else if (result == -EBADMSG)
		result = err_set(err, ERR_SIGNIN, EPERM, "Azure Arc's key '%s' does not hold a key",
				 path);
	else
		result = err_set(err, ERR_SIGNIN, EIO, "Azure Arc's key '%s' cannot be read: %s",
				 path, strerrordesc_np(-result));
	err_hint(err, "check Arc's agent: azcmagent show");
	return result;
}

/* The key becomes a header: it must hold nothing that could end the line. */
static bool key_ok(const struct secret *key)
{
	for (size_t i = 0; i < secret_size(key); i++) {
		if (secret_bytes(key)[i] <= 0x20 || secret_bytes(key)[i] >= 0x7f)
			return false;
	}
	return secret_size(key) > 0;
}

int arc_read_key(const char *path, struct secret **ret_key, struct err *err)
{
	struct secret *key CLEANUP(secret_free) = NULL;
	int result = smallfile_read(path, ARC_KEY_MAX, true, &key);

	if (result == 0 && !key_ok(key))
		result = -EBADMSG;
	if (result != 0)
		return cannot_use(result, path, err);
	*ret_key = TAKE(key);
	return 0;
}
