/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Protectors: each is one datum in the metadata that holds the VMK under another key. */
#ifndef MKADE_PROTECTOR_H
#define MKADE_PROTECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/mkade/bde/datum.h"
#include "tests/mkade/util.h"

/*
 * As on disk. Known from real volumes or from two public sources: clear key, TPM, startup key,
 * TPM with PIN (0x0500), recovery password, smart card, password. These make it a set of bits:
 * 0x0100 TPM, 0x0200 external key, 0x0400 PIN. So TPM with a startup key, and with both, are
 * put together here after that; nobody has published a sample. What Windows writes for network
 * unlock is unknown: the bits of TPM and public key are a guess, for readers that must
 * take types which they do not know.
 *
 * A "recovery key" is no type of its own: Windows makes an external key, and which of the two names
 * it has depends on where the file is saved to.
 */
enum protector_type {
	PROTECTOR_CLEAR_KEY = 0x0000,
	PROTECTOR_TPM = 0x0100,
	PROTECTOR_STARTUP_KEY = 0x0200,
	PROTECTOR_TPM_STARTUP_KEY = 0x0300,
	PROTECTOR_TPM_PIN = 0x0500,
	PROTECTOR_TPM_PIN_STARTUP_KEY = 0x0700,
	PROTECTOR_RECOVERY_PASSWORD = 0x0800,
	PROTECTOR_PUBLIC_KEY = 0x1000,
	PROTECTOR_TPM_NETWORK = 0x1100,
	PROTECTOR_PASSWORD = 0x2000,
};

struct protector {
	struct protector *next;
	enum protector_type type;
	struct guid guid;
	uint16_t flags;		 /* of the datum; 1 but for clear keys of newer Windows */
	uint8_t key[VMK_LEN];	 /* startup and clear key */
	char *password;		 /* password, or recovery password with its dashes */
	uint8_t digits[16];	 /* recovery password as eight u16 */
	char *bek_path;		 /* file to write; with a TPM it does not unlock alone */
	bool recovery_key;	 /* the BEK is meant for recovery, not for starting */
	unsigned int bek_layout; /* its size: 156 or 180 */
};

/* Fills in key, password and GUID of types that make up their own. text may be NULL. */
struct protector *protector_new(enum protector_type type, const struct guid *guid,
				const char *text);
/* "other" for types that have none. */
const char *protector_type_name(enum protector_type type);
void protector_list_free(struct protector *p);

/* Appends the VMK datum. */
void protector_write(struct buf *b, const struct protector *p, const uint8_t vmk[VMK_LEN],
		     struct nonce *nonce);

/* Writes the BEK file of a startup key. */
void bek_write(const struct protector *p, const struct guid *volume);

#endif
