/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One protector: the volume master key (VMK) wrapped under one of the ways to unlock. Pure. */
#ifndef ADEFUSE_BDE_FORMAT_PROTECTOR_H
#define ADEFUSE_BDE_FORMAT_PROTECTOR_H

#include "bde/format/datum.h"

struct protector { /* points into the parsed bytes */
	struct guid id;
	uint16_t type; /* enum bde_protector_type */
	uint64_t modified;
	struct cursor name_utf16; /* empty: none */
	const uint8_t *salt;	  /* DATUM_SALT_SIZE bytes, or NULL: no stretched key */
	const uint8_t *clear_key; /* DATUM_CCM_KEY_SIZE bytes, or NULL */
	struct datum_ccm vmk;	  /* size 0: none */
};

/*
 * From the body of a VMK datum. Parts that are missing or damaged are left empty, so that the other
 * protectors of a volume stay usable; false when not even identifier and type are there.
 */
bool protector_parse(const struct datum *datum, struct protector *ret_protector);

#endif
