/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing BitLocker's datums: see datum.h. */
#include "tests/mkade/bde/datum.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *grow(struct buf *b, size_t n)
{
	uint8_t *at;

	if (b->n + n > b->cap) {
		b->cap = 2 * (b->n + n);
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			die("out of memory");
	}
	at = b->p + b->n;
	b->n += n;
	return at;
}

void buf_bytes(struct buf *b, const void *p, size_t n)
{
	uint8_t *at = grow(b, n);

	if (n)
		memcpy(at, p, n);
}

void buf_zero(struct buf *b, size_t n)
{
	memset(grow(b, n), 0, n);
}

void buf_u16(struct buf *b, uint16_t v)
{
	put16(grow(b, 2), v);
}

void buf_u32(struct buf *b, uint32_t v)
{
	put32(grow(b, 4), v);
}

void buf_u64(struct buf *b, uint64_t v)
{
	put64(grow(b, 8), v);
}

size_t datum_begin(struct buf *b, uint16_t role, uint16_t type, uint16_t flags)
{
	size_t mark = b->n;

	buf_u16(b, 0);
	buf_u16(b, role);
	buf_u16(b, type);
	buf_u16(b, flags);
	return mark;
}

void datum_end(struct buf *b, size_t mark)
{
	if (b->n - mark > UINT16_MAX)
		die("a metadata entry would be larger than its size field can say");
	put16(b->p + mark, (uint16_t)(b->n - mark));
}

void datum_unicode(struct buf *b, uint16_t role, const char *text)
{
	size_t mark = datum_begin(b, role, TYPE_UNICODE, 1);
	size_t n;
	uint8_t *utf16 = utf16le_from_utf8(text, true, &n);

	buf_bytes(b, utf16, n);
	free(utf16);
	datum_end(b, mark);
}

void datum_key(struct buf *b, uint16_t key_type, const uint8_t *key, size_t n)
{
	size_t mark = datum_begin(b, ROLE_PROPERTY, TYPE_KEY, 1);

	buf_u32(b, key_type);
	buf_bytes(b, key, n);
	datum_end(b, mark);
}

/* The ciphertext has a key container: u32 its size, u32 1, u32 key type, the key. */
void datum_ccm(struct buf *b, uint16_t role, const uint8_t under[VMK_LEN], struct nonce *nonce,
	       uint16_t key_type, const uint8_t *key, size_t n)
{
	size_t mark = datum_begin(b, role, TYPE_CCM_KEY, 1);
	uint8_t plain[12 + FVEK_MAX], out[sizeof(plain)];
	uint8_t iv[CCM_NONCE_LEN], tag[CCM_TAG_LEN];

	if (n > FVEK_MAX)
		die("key of %zu bytes", n);
	put32(plain, (uint32_t)(12 + n));
	put32(plain + 4, 1);
	put32(plain + 8, key_type);
	memcpy(plain + 12, key, n);
	put64(iv, nonce->filetime);
	put32(iv + 8, nonce->counter++);
	ccm_encrypt(under, iv, plain, 12 + n, tag, out);
	buf_bytes(b, iv, sizeof(iv));
	buf_bytes(b, tag, sizeof(tag));
	buf_bytes(b, out, 12 + n);
	datum_end(b, mark);
}
