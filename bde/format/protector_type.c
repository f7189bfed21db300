/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of the types; see protector_type.h. */
#include "bde/format/protector_type.h"

const char *bde_protector_type_name(uint16_t type)
{
	switch (type) {
	case BDE_PROTECTOR_CLEAR_KEY:
		return "clear key";
	case BDE_PROTECTOR_TPM:
		return "TPM";
	case BDE_PROTECTOR_STARTUP_KEY:
		return "startup key (BEK)";
	case BDE_PROTECTOR_TPM_STARTUP_KEY:
		return "TPM and startup key";
	case BDE_PROTECTOR_TPM_PIN:
		return "TPM and PIN";
	case BDE_PROTECTOR_TPM_PIN_STARTUP_KEY:
		return "TPM, PIN and startup key";
	case BDE_PROTECTOR_PUBLIC_KEY:
		return "smart card or certificate";
	case BDE_PROTECTOR_TPM_PUBLIC_KEY:
		return "network unlock";
	case BDE_PROTECTOR_RECOVERY_PASSWORD:
		return "recovery password";
	case BDE_PROTECTOR_PASSWORD:
		return "password";
	default:
		return "unknown";
	}
}
