/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The person at the terminal, as open/ and signing in need them. One thread asks at a time. */
#ifndef ADEFUSE_CLI_TERMINAL_PERSON_H
#define ADEFUSE_CLI_TERMINAL_PERSON_H

#include "open/open.h"

/* Asks on /dev/tty without echo; shows lines on standard error, with -q too: a code to type. */
struct open_caller person_caller(void);

#endif
