/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the numbers on disk are called in front of people. */
#include "bde/bde.h"

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
