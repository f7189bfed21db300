/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys in the form that libbde wants; see libbde_key.h. Its functions give 1 for success. */
#include "config.h" /* HAVE_LIBBFIO: which functions <libbde.h> declares */

#include "bde/libbde/libbde_key.h"

#include <ctype.h>
#include <errno.h>
#include <libbfio.h>

#include "bde/format/recovery.h"
#include "bde/key.h"
#include "bde/unlock.h"

static int set_bek(libbde_volume_t *volume, struct secret *bek)
{
	libbfio_handle_t *handle = NULL;
	/*
	 * libbfio takes a writable pointer, but never writes to a range that is opened for reading
	 */
	uint8_t *data = secret_data(bek);
	int result = libbfio_memory_range_initialize(&handle, NULL);

	if (result == 1)
		result = libbfio_memory_range_set(handle, data, secret_size(bek), NULL);
	if (result == 1)
		result = libbfio_handle_open(handle, LIBBFIO_OPEN_READ, NULL);
	if (result == 1) {
		result = libbde_volume_read_startup_key_file_io_handle(volume, handle, NULL);
		(void)libbfio_handle_close(handle, NULL);
	}
	if (handle)
		(void)libbfio_handle_free(&handle, NULL);
	return result;
}

/* libbde wants dashes between the groups; we allow other ways to write them. */
static int set_recovery_password(libbde_volume_t *volume, const struct secret *text)
{
	enum {
		DIGITS = 6 * RECOVERY_GROUPS,
		LENGTH = DIGITS + RECOVERY_GROUPS - 1
	};
	uint8_t dashed[LENGTH + 1];
	size_t used = 0;
	int result = 0;

	for (size_t i = 0; i < secret_size(text) && used < LENGTH; i++) {
		uint8_t digit = secret_bytes(text)[i];

		if (!isdigit(digit))
			continue;
		dashed[used++] = digit;
		if (used % 7 == 6 && used < LENGTH)
			dashed[used++] = '-';
	}
	if (used == LENGTH)
		result = libbde_volume_set_utf8_recovery_password(volume, dashed, used, NULL);
	secret_wipe(dashed, sizeof(dashed));
	return result;
}

/*
 * libbde wants the two keys separately, each with its size. For methods with one key it wants a
 * second one too, which it does not use.
 */
static int set_fvek(libbde_volume_t *volume, uint16_t method, const struct secret *fvek)
{
	static const uint8_t none[32];
	struct method_keys keys;

	if (!method_split_fvek(method, fvek, &keys))
		return 0;
	return libbde_volume_set_keys(volume, keys.data, keys.size, keys.tweak ? keys.tweak : none,
				      keys.size, NULL);
}

static int give(libbde_volume_t *volume, uint16_t method, const struct bde_key *key,
		const struct secret *fvek)
{
	switch (key->type) {
	case BDE_KEY_CLEAR:
		return 1; /* libbde takes it off the disk */
	case BDE_KEY_BEK:
		return set_bek(volume, key->original);
	case BDE_KEY_RECOVERY_PASSWORD:
		return set_recovery_password(volume, key->original);
	case BDE_KEY_FVEK:
		return set_fvek(volume, method, fvek);
	case BDE_KEY_VMK:
		return 0;
	case BDE_KEY_PASSWORD:
		break;
	}
	return libbde_volume_set_utf8_password(volume, secret_bytes(key->original),
					       secret_size(key->original), NULL);
}

int libbde_key_check(const struct bde_key *key, struct err *err)
{
	if (!key || key->type != BDE_KEY_VMK)
		return 0;
	err_set(err, ERR_DISK, ENOTSUP, "libbde takes no VMK");
	err_hint(err, "use our own engine: --engine own");
	return -ENOTSUP;
}

int libbde_key_give(libbde_volume_t *volume, uint16_t method, const struct bde_key *key,
		    struct err *err)
{
	struct secret *fvek CLEANUP(secret_free) = NULL;
	int result = 0;

	if (!key)
		return 0;
	if (key->type == BDE_KEY_FVEK)
		result = unlock_take_fvek(key, method, &fvek, err);
	if (result < 0)
		return result;
	/* libbde's own reasons may quote what it was given */
	if (give(volume, method, key, fvek) != 1)
		return err_set(err, ERR_KEY, ENOKEY, "libbde %s does not take %s",
			       libbde_get_version(), key->what);
	return 0;
}
