/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Protectors: see protector.h. */
#include "tests/mkade/bde/protector.h"
#include "tests/mkade/random.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* manage-bde's backup record of a recovery password: kept as a file. */
#define BACKUP_TO_FILE 8

const char *protector_type_name(enum protector_type type)
{
	switch (type) {
	case PROTECTOR_CLEAR_KEY:
		return "clear-key";
	case PROTECTOR_TPM:
		return "tpm";
	case PROTECTOR_TPM_STARTUP_KEY:
		return "tpm-startup-key";
	case PROTECTOR_TPM_PIN:
		return "tpm-pin";
	case PROTECTOR_TPM_PIN_STARTUP_KEY:
		return "tpm-pin-startup-key";
	case PROTECTOR_PUBLIC_KEY:
		return "public-key";
	case PROTECTOR_TPM_NETWORK:
		return "tpm-network";
	case PROTECTOR_STARTUP_KEY:
		return "startup-key";
	case PROTECTOR_RECOVERY_PASSWORD:
		return "recovery-password";
	case PROTECTOR_PASSWORD:
		return "password";
	}
	return "other";
}

/* Eight groups of six digits, each 11 times a 16-bit number. */
static void recovery_parse(const char *text, uint8_t ret_digits[16])
{
	const char *s = text;

	for (int group = 0; group < 8; group++) {
		unsigned long v = 0;

		if (group && *s++ != '-')
			die("recovery password: group %d is not followed by '-'", group);
		for (int i = 0; i < 6; i++, s++) {
			if (!isdigit((unsigned char)*s))
				die("recovery password: group %d is not six digits", group + 1);
			v = 10 * v + (unsigned long)(*s - '0');
		}
		if (v % 11 || v / 11 > UINT16_MAX)
			die("recovery password: group %d is not 11 times a 16-bit number",
			    group + 1);
		put16(ret_digits + (size_t)2 * group, (uint16_t)(v / 11));
	}
	if (*s)
		die("recovery password: more than eight groups");
}

static char *recovery_random(void)
{
	char *text = xalloc(8 * 7 + 1), *p = text;
	uint8_t digits[16];

	random_bytes(digits, sizeof(digits));
	for (int group = 0; group < 8; group++)
		p += sprintf(p, "%s%06u", group ? "-" : "",
			     get16(digits + (size_t)2 * group) * 11u);
	return text;
}

static char *copy_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = xalloc(size);

	memcpy(copy, text, size);
	return copy;
}

struct protector *protector_new(enum protector_type type, const struct guid *guid, const char *text)
{
	struct protector *p = xalloc(sizeof(*p));

	p->type = type;
	p->flags = 1;
	if (guid)
		p->guid = *guid;
	else
		random_guid(&p->guid);
	if (type == PROTECTOR_RECOVERY_PASSWORD) {
		p->password = strcmp(text, "random") ? copy_text(text) : recovery_random();
		recovery_parse(p->password, p->digits);
	} else if (type == PROTECTOR_PASSWORD) {
		p->password = copy_text(text);
	} else {
		random_bytes(p->key, sizeof(p->key));
	}
	return p;
}

void protector_list_free(struct protector *p)
{
	while (p) {
		struct protector *next = p->next;

		free(p->password);
		free(p->bek_path);
		free(p);
		p = next;
	}
}

static size_t stretch_begin(struct buf *b, uint16_t key_type, const uint8_t initial[SHA256_LEN],
			    uint8_t ret_key[SHA256_LEN])
{
	size_t mark = datum_begin(b, ROLE_PROPERTY, TYPE_STRETCH_KEY, 1);
	uint8_t salt[16];

	random_bytes(salt, sizeof(salt));
	key_stretch(initial, salt, ret_key);
	buf_u32(b, key_type);
	buf_bytes(b, salt, sizeof(salt));
	return mark;
}

/*
 * Inside a stretch key datum Windows keeps, under the VMK, what it stretched: that lets it
 * change the VMK later without asking for the password again.
 */
static void write_password(struct buf *b, const struct protector *p, const uint8_t vmk[VMK_LEN],
			   struct nonce *nonce)
{
	uint8_t hash[SHA256_LEN], key[SHA256_LEN];
	size_t n, mark;
	uint8_t *utf16 = utf16le_from_utf8(p->password, false, &n);

	sha256(utf16, n, hash);
	free(utf16);
	sha256(hash, sizeof(hash), hash);
	mark = stretch_begin(b, KEY_PASSWORD, hash, key);
	datum_ccm(b, ROLE_PROPERTY, vmk, nonce, KEY_STRETCHED_PASSWORD, key, sizeof(key));
	datum_end(b, mark);
	datum_ccm(b, ROLE_PROPERTY, key, nonce, KEY_VMK, vmk, VMK_LEN);
}

static void write_recovery(struct buf *b, const struct protector *p, const uint8_t vmk[VMK_LEN],
			   struct nonce *nonce)
{
	uint8_t hash[SHA256_LEN], key[SHA256_LEN];
	size_t mark;

	sha256(p->digits, sizeof(p->digits), hash);
	mark = stretch_begin(b, KEY_RECOVERY_PASSWORD, hash, key);
	datum_ccm(b, ROLE_RECOVERY_PLAIN, vmk, nonce, KEY_RECOVERY_PASSWORD, p->digits,
		  sizeof(p->digits));
	datum_ccm(b, ROLE_RECOVERY_STRETCHED, vmk, nonce, KEY_STRETCHED_RECOVERY, key, sizeof(key));
	datum_end(b, mark);
	datum_ccm(b, ROLE_PROPERTY, key, nonce, KEY_VMK, vmk, VMK_LEN);

	mark = datum_begin(b, ROLE_PROPERTY, TYPE_BACKUP_INFO, 1);
	buf_u64(b, nonce->filetime);
	buf_u64(b, nonce->filetime);
	buf_u16(b, BACKUP_TO_FILE);
	buf_u16(b, 2);
	datum_end(b, mark);
}

static void write_startup_key(struct buf *b, const struct protector *p, const uint8_t vmk[VMK_LEN],
			      struct nonce *nonce)
{
	size_t mark;

	datum_unicode(b, ROLE_PROPERTY, "ExternalKey");
	mark = datum_begin(b, ROLE_PROPERTY, TYPE_USE_KEY, 1);
	buf_u32(b, KEY_EXTERNAL);
	datum_ccm(b, ROLE_PROPERTY, vmk, nonce, KEY_EXTERNAL, p->key, sizeof(p->key));
	datum_end(b, mark);
	datum_ccm(b, ROLE_PROPERTY, p->key, nonce, KEY_VMK, vmk, VMK_LEN);
}

/* Bound to a chip or a card: without it random bytes are as good as any. */
static void write_noise(struct buf *b, uint16_t type, size_t n)
{
	size_t mark = datum_begin(b, ROLE_PROPERTY, type, 1);
	uint8_t noise[256];

	random_bytes(noise, n);
	if (type == TYPE_TPM_BLOB)
		buf_u32(b, 1u << 7 | 1u << 11); /* PCRs of secure boot and of BitLocker */
	buf_bytes(b, noise, n);
	datum_end(b, mark);
}

static void write_pin(struct buf *b)
{
	size_t mark = datum_begin(b, ROLE_PROPERTY, TYPE_STRETCH_KEY, 1);
	uint8_t salt[16];

	random_bytes(salt, sizeof(salt));
	buf_u32(b, KEY_PIN);
	buf_bytes(b, salt, sizeof(salt));
	datum_end(b, mark);
}

/* The VMK under a key that nobody has: the bits of the type name its parts. */
static void write_sealed(struct buf *b, const struct protector *p, const uint8_t vmk[VMK_LEN],
			 struct nonce *nonce)
{
	uint8_t sealed[VMK_LEN];
	size_t mark;

	memcpy(sealed, p->key, sizeof(sealed));
	if (p->type & PROTECTOR_STARTUP_KEY) {
		random_bytes(sealed, sizeof(sealed));
		mark = datum_begin(b, ROLE_PROPERTY, TYPE_USE_KEY, 1);
		buf_u32(b, KEY_EXTERNAL);
		datum_ccm(b, ROLE_PROPERTY, vmk, nonce, KEY_EXTERNAL, p->key, sizeof(p->key));
		datum_end(b, mark);
	}
	if (p->type & PROTECTOR_TPM_PIN & ~PROTECTOR_TPM)
		write_pin(b);
	if (p->type & PROTECTOR_TPM)
		write_noise(b, TYPE_TPM_BLOB, 218);
	if (p->type & PROTECTOR_PUBLIC_KEY) {
		write_noise(b, TYPE_PUBLIC_KEY_INFO, 40);
		write_noise(b, TYPE_ASYMMETRIC_KEY, 256);
	}
	datum_ccm(b, ROLE_PROPERTY, sealed, nonce, KEY_VMK, vmk, VMK_LEN);
}

void protector_write(struct buf *b, const struct protector *p, const uint8_t vmk[VMK_LEN],
		     struct nonce *nonce)
{
	size_t mark = datum_begin(b, ROLE_VMK, TYPE_VMK, p->flags);

	buf_bytes(b, p->guid.b, sizeof(p->guid.b));
	buf_u64(b, nonce->filetime);
	buf_u16(b, 0);
	buf_u16(b, (uint16_t)p->type);
	switch (p->type) {
	case PROTECTOR_CLEAR_KEY:
		datum_key(b, KEY_CLEAR, p->key, sizeof(p->key));
		datum_ccm(b, ROLE_PROPERTY, p->key, nonce, KEY_VMK, vmk, VMK_LEN);
		break;
	case PROTECTOR_STARTUP_KEY:
		write_startup_key(b, p, vmk, nonce);
		break;
	case PROTECTOR_RECOVERY_PASSWORD:
		write_recovery(b, p, vmk, nonce);
		break;
	case PROTECTOR_PASSWORD:
		write_password(b, p, vmk, nonce);
		break;
	default:
		write_sealed(b, p, vmk, nonce);
	}
	datum_end(b, mark);
}

/*
 * A 48-byte header like that of the metadata (size, version 1, header size, size again, GUID
 * of the protector, next nonce, no method, time), then one external key datum. The layout of
 * 180 bytes, of newer Windows, has the volume's GUID in one more datum before the key.
 */
void bek_write(const struct protector *p, const struct guid *volume)
{
	struct buf b = {0};
	uint64_t now = filetime_now();
	size_t mark;
	int fd;

	buf_u32(&b, p->bek_layout);
	buf_u32(&b, 1);
	buf_u32(&b, 48);
	buf_u32(&b, p->bek_layout);
	buf_bytes(&b, p->guid.b, sizeof(p->guid.b));
	buf_u32(&b, 1);
	buf_u32(&b, 0);
	buf_u64(&b, now);
	mark = datum_begin(&b, ROLE_STARTUP_KEY, TYPE_EXTERNAL_KEY, 1);
	buf_bytes(&b, p->guid.b, sizeof(p->guid.b));
	buf_u64(&b, now);
	datum_unicode(&b, ROLE_PROPERTY, "ExternalKey");
	if (p->bek_layout == 180) {
		size_t inner = datum_begin(&b, ROLE_VOLUME_GUID, TYPE_GUID, 1);
		buf_bytes(&b, volume->b, sizeof(volume->b));
		datum_end(&b, inner);
	}
	datum_key(&b, KEY_EXTERNAL, p->key, sizeof(p->key));
	datum_end(&b, mark);
	if (b.n != p->bek_layout)
		die("BEK of %zu bytes where %u were meant", b.n, p->bek_layout);

	fd = create_file(p->bek_path);
	pwrite_all(fd, b.p, b.n, 0);
	close_written(fd, p->bek_path);
	free(b.p);
}
