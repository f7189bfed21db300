/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Protectors: each is one datum in the metadata that holds the VMK under another key. */
#ifndef MKADE_PROTECTOR_H
#define MKADE_PROTECTOR_H

#include <stdint.h>

#include "datum.h"
#include "util.h"

enum protector_type {
	PROTECTOR_CLEAR_KEY = 0x0000,
	PROTECTOR_TPM = 0x0100,
	PROTECTOR_STARTUP_KEY = 0x0200,
	PROTECTOR_RECOVERY_PASSWORD = 0x0800,
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
	char *bek_path;		 /* file to write */
	unsigned int bek_layout; /* its size: 156 or 180 */
};

/* Fills in key, password and GUID of types that make up their own. text may be NULL. */
struct protector *protector_new(enum protector_type type, const struct guid *guid,
				const char *text);
const char *protector_type_name(enum protector_type type);
void protector_list_free(struct protector *p);

/* Appends the VMK datum. */
void protector_write(struct buf *b, const struct protector *p, const uint8_t vmk[VMK_LEN],
		     struct nonce *nonce);

/* Writes the BEK file of a startup key. */
void bek_write(const struct protector *p, const struct guid *volume);

#endif
