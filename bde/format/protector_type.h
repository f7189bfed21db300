/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types of key protectors, and what to call them in front of people. Pure; any thread. */
#ifndef ADEFUSE_BDE_FORMAT_PROTECTOR_TYPE_H
#define ADEFUSE_BDE_FORMAT_PROTECTOR_TYPE_H

#include <stdint.h>

/*
 * Values as on disk; unknown ones are kept as they are. Bits: 8 TPM, 9 external key, 10 PIN, 11
 * recovery password, 12 public key, 13 password. Those with (*) are composed of these and were seen
 * on no disk.
 */
enum bde_protector_type {
	BDE_PROTECTOR_CLEAR_KEY = 0x0000,
	BDE_PROTECTOR_TPM = 0x0100,
	BDE_PROTECTOR_STARTUP_KEY = 0x0200, /* external key: a BEK file, also a recovery key's */
	BDE_PROTECTOR_TPM_STARTUP_KEY = 0x0300, /* (*) */
	BDE_PROTECTOR_TPM_PIN = 0x0500,
	BDE_PROTECTOR_TPM_PIN_STARTUP_KEY = 0x0700, /* (*) */
	BDE_PROTECTOR_RECOVERY_PASSWORD = 0x0800,
	BDE_PROTECTOR_PUBLIC_KEY = 0x1000,     /* smart card, data recovery agent */
	BDE_PROTECTOR_TPM_PUBLIC_KEY = 0x1100, /* (*) network unlock */
	BDE_PROTECTOR_PASSWORD = 0x2000,
};

const char *bde_protector_type_name(uint16_t type); /* "startup key (BEK)", ... */

#endif
