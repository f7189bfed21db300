/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key that the user has, as the files of bde/ share it. */
#ifndef ADEFUSE_BDE_KEY_H
#define ADEFUSE_BDE_KEY_H

#include "bde/bde.h"

struct bde_key {
	enum bde_key_type type;
	char *what;
	struct guid protector_id; /* BEK only */
	uint16_t method;	  /* FVEK: its method (enum bde_method); 0: not given */
	struct secret *bytes;	 /* 32: the key of a BEK, the hash to be stretched, a VMK; 16, 32 or
				    64: an FVEK; NULL: clear */
	struct secret *original; /* the BEK file, or the text as the user gave it, for libbde; NULL:
				    clear, VMK, FVEK */
};

#endif
