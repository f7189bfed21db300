/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key that the user has, as the files of bde/ share it. */
#ifndef ADEFUSE_BDE_KEY_H
#define ADEFUSE_BDE_KEY_H

#include "bde/bde.h"

struct bde_key {
	enum bde_key_type type;
	char *what;
	struct guid protector_id; /* BEK only */
	struct secret *bytes; /* 32: the key of a BEK, or the hash to be stretched; NULL: clear */
	struct secret *original; /* the BEK file, or the text as it was given, for libbde to read by
				    itself; NULL: clear */
};

#endif
