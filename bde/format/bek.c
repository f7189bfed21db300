/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BEK file, little-endian:
 *
 *   0   u32 size of the content, u32 version 1, u32 size of this header (48), u32 size again
 *   16  GUID, u32 next nonce, u32 method, u64 creation time
 *   48  datums. One is the external key: GUID of the protector that it opens, u64 time, then
 *       datums, of which one is the key (32 bytes). A name and, in the longer of the layouts seen,
 * more are stored around it; so the key is searched for, not expected at an offset.
 */
#include "bde/format/bek.h"

#include <errno.h>

#include "bde/format/datum.h"

enum {
	HEADER_SIZE = 48,
	VERSION = 1
};

static int damaged(struct err *err, size_t at, const char *what)
{
	return err_set(err, ERR_KEY, EINVAL, "damaged BEK file: %s at byte %zu", what, at);
}

static int parse_header(struct cursor *cursor, size_t *ret_size, struct err *err)
{
	size_t file_size = cursor->left;
	uint32_t size = cursor_le32(cursor);
	uint32_t version = cursor_le32(cursor);
	uint32_t header_size = cursor_le32(cursor);
	uint32_t size_again = cursor_le32(cursor);

	cursor_skip(cursor, HEADER_SIZE - 16);
	if (cursor->bad)
		return err_set(err, ERR_KEY, EINVAL,
			       "damaged BEK file: it ends at byte %zu, within its header",
			       file_size);
	if (version != VERSION)
		return damaged(err, 4, "unknown version");
	if (header_size != HEADER_SIZE)
		return damaged(err, 8, "wrong header size");
	if (size != size_again || size < HEADER_SIZE)
		return damaged(err, 0, "wrong size");
	if (size > file_size)
		return err_set(err, ERR_KEY, EINVAL, "damaged BEK file: it ends at byte %zu of %u",
			       file_size, size);
	*ret_size = size;
	return 0;
}

static int parse_external(const struct datum *datum, const uint8_t *start, struct bek *bek,
			  struct err *err)
{
	struct cursor body = datum->body;
	size_t at = (size_t)(datum->body.data - start);
	struct datum_key key;
	struct datum part;
	int result;

	bek->protector_id = guid_read(&body);
	cursor_skip(&body, 8); /* time */
	if (body.bad)
		return damaged(err, at, "external key cut off");
	while ((result = datum_next(&body, &part)) > 0) {
		if (part.type != DATUM_KEY)
			continue;
		at = (size_t)(part.body.data - start);
		if (!datum_read_key(&part, &key) || key.size != BEK_KEY_SIZE)
			return damaged(err, at, "key of a wrong size");
		bek->key = key.key;
		return 0;
	}
	return damaged(err, at,
		       result < 0 ? "datum of a wrong size" : "external key without a key");
}

int bek_parse(const uint8_t *data, size_t size, struct bek *ret_bek, struct err *err)
{
	struct cursor cursor = cursor_make(data, size);
	struct bek bek = {0};
	struct datum datum;
	size_t content = 0;
	size_t at = HEADER_SIZE;
	int result;

	if (size == 0)
		return err_set(err, ERR_KEY, EINVAL, "empty BEK file");
	if (size > BEK_FILE_MAX)
		return err_set(err, ERR_KEY, EINVAL, "not a BEK file: %zu bytes", size);
	result = parse_header(&cursor, &content, err);
	if (result < 0)
		return result;
	cursor = cursor_make(data + HEADER_SIZE, content - HEADER_SIZE);
	while ((result = datum_next(&cursor, &datum)) > 0) {
		if (datum.type == DATUM_EXTERNAL_KEY) {
			result = parse_external(&datum, data, &bek, err);
			if (result == 0)
				*ret_bek = bek;
			return result;
		}
		at = content - cursor.left;
	}
	return damaged(err, at, result < 0 ? "datum of a wrong size" : "no external key");
}
