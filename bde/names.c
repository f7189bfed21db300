/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the numbers on disk are called in front of people. */
#include "bde/bde.h"

const char *bde_method_name(uint16_t method)
{
	switch (method) {
	case BDE_METHOD_NONE:
		return "none";
	case BDE_METHOD_CBC_128_DIFFUSER:
		return "AES-CBC 128 with Elephant diffuser";
	case BDE_METHOD_CBC_256_DIFFUSER:
		return "AES-CBC 256 with Elephant diffuser";
	case BDE_METHOD_CBC_128:
		return "AES-CBC 128";
	case BDE_METHOD_CBC_256:
		return "AES-CBC 256";
	case BDE_METHOD_XTS_128:
		return "AES-XTS 128";
	case BDE_METHOD_XTS_256:
		return "AES-XTS 256";
	default:
		return "unknown";
	}
}

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

const char *bde_state_name(enum bde_state state)
{
	switch (state) {
	case BDE_STATE_ENCRYPTED:
		return "encrypted";
	case BDE_STATE_SUSPENDED:
		return "encrypted, protection suspended";
	case BDE_STATE_DECRYPTED:
		return "decrypted";
	case BDE_STATE_PARTIAL:
		return "partly encrypted";
	case BDE_STATE_OTHER:
		break;
	}
	return "unknown";
}
