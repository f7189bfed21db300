/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What signing in to Azure needs from this side: lines on the terminal, and a token out of SRC. */
#ifndef ADEFUSE_OPEN_SIGNIN_H
#define ADEFUSE_OPEN_SIGNIN_H

#include "cli/options.h"

/* Fill `person` of a copy of the options' keyvault part; `options` outlives the session. */
void signin_prepare(const struct options *options, struct keyvault_options *ret_keyvault);

/* Overwrite the variables that hold secrets for signing in; see secret_environment_wipe(). */
void signin_forget(void);

#endif
