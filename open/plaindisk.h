/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disk as if it had never been encrypted: what a mount shows as disk.raw, and export copies. */
#ifndef ADEFUSE_OPEN_PLAINDISK_H
#define ADEFUSE_OPEN_PLAINDISK_H

#include "open/survey.h"

/*
 * The whole disk with each open volume in the place of its encrypted form; locked ones stay as they
 * are. NULL when volumes overlap: which of them a byte belongs to is not known. 0 or -ENOMEM.
 */
int plain_disk_new(const struct survey *survey, struct source **ret_disk, struct err *err);

#endif
